// Where the backend of this environment is. The one place that knows: a build may say it (REACT_APP_API_URL), else
// config.js does, which is loaded before this.
const address = process.env.REACT_APP_API_URL || globalThis.__CONFIG__?.API_URL;

export async function products() {
  const answer = await fetch(`${address}/products`);
  if (!answer.ok) {
    throw new Error(`the shop answers with status ${answer.status}`);
  }
  return (await answer.json()).products;
}
