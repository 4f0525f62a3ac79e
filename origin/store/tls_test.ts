import assert from "node:assert/strict";
import { tlsOf } from "./tls.ts";

const URL = "postgres://a:b@db.example:5432/fanfare";
const readText = (path: string) => `text of ${path}`;

Deno.test("tlsOf() reads the authority that an address names, and hands on neither it nor the mode", () => {
  for (const query of ["sslrootcert=/ca.pem", "sslmode=verify-full&sslrootcert=/ca.pem"]) {
    assert.deepEqual(tlsOf(`${URL}?${query}`, readText), { url: URL, ca: "text of /ca.pem" });
  }
  assert.deepEqual(tlsOf(`${URL}?sslrootcert=%2Fmy%20ca.pem&application_name=x`, readText), {
    url: `${URL}?application_name=x`,
    ca: "text of /my ca.pem",
  });
});

Deno.test("tlsOf() leaves the rest to the driver", () => {
  for (const query of ["", "?sslmode=require", "?sslmode=verify-full", "?sslrootcert=system"]) {
    assert.deepEqual(tlsOf(URL + query, readText), { url: URL + query });
  }
  assert.deepEqual(tlsOf(`${URL}?sslmode=disable&sslrootcert=/ca.pem`, readText), {
    url: `${URL}?sslmode=disable`,
  });
});

Deno.test("tlsOf() says which file it cannot read", () => {
  const missing = () => {
    throw new Error("No such file: /ca.pem");
  };
  assert.throws(
    () => tlsOf(`${URL}?sslrootcert=/ca.pem`, missing),
    /^Error: Cannot read sslrootcert: No such file: \/ca\.pem$/,
  );
});
