// Where the backend is: what the build was given, else the one on this laptop.
const address = process.env.REACT_APP_API_URL || "http://localhost:8000";

export async function products() {
  const answer = await fetch(`${address}/products`);
  if (!answer.ok) {
    throw new Error(`the shop answers with status ${answer.status}`);
  }
  return (await answer.json()).products;
}
