import assert from "node:assert/strict";
import { onlyRead } from "./made.ts";

Deno.test("onlyRead() leaves each program what it and its runtime read, and nothing else", () => {
  const all = {
    PORT: "8000",
    TOKEN_SECRET: "edges'",
    DATABASE_URL: "origins'",
    LOG_LEVEL: "",
    OTEL_DENO: "true",
    OTEL_EXPORTER_OTLP_ENDPOINT: "https://collector",
    HOME: "/root",
  };
  const { PORT, TOKEN_SECRET, DATABASE_URL, OTEL_DENO, OTEL_EXPORTER_OTLP_ENDPOINT } = all;
  const runtime = { OTEL_DENO, OTEL_EXPORTER_OTLP_ENDPOINT };
  const both = { edge: all, origin: all };
  assert.deepEqual(onlyRead(both, ["edge", "origin"]), {
    edge: { PORT, TOKEN_SECRET, ...runtime },
    origin: { PORT, DATABASE_URL, ...runtime },
  });
  assert.deepEqual(onlyRead(both, ["edge"]).origin, {});
});
