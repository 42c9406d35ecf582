import { useEffect, useState } from "react";

import { products } from "./api.js";

const price = new Intl.NumberFormat("en", { style: "currency", currency: "EUR" });

export function Shop() {
  const [shown, show] = useState({ state: "loading" });
  useEffect(() => {
    let isShown = true;
    products().then(
      (found) => isShown && show({ state: "there", products: found }),
      (error) => isShown && show({ state: "failed", why: error.message }),
    );
    return () => {
      isShown = false;
    };
  }, []);
  return (
    <main>
      <h1>CloudShop</h1>
      {shown.state === "loading" && <p>One moment …</p>}
      {shown.state === "failed" && <p role="alert">The products cannot be shown: {shown.why}</p>}
      {shown.state === "there" && <Products of={shown.products} />}
    </main>
  );
}

function Products({ of }) {
  return (
    <ul>
      {of.map((product) => (
        <li key={product.id}>
          <span>{product.name}</span>
          <span className="price">{price.format(product.price_cents / 100)}</span>
        </li>
      ))}
    </ul>
  );
}
