/**
 * The server API, described in OpenAPI 3.1 by the schemas that check it.
 *
 * @module
 */

import type { JsonObject } from "shared/event.ts";
import { VERSION } from "shared/version.ts";
import type { ApiMethod } from "./method.ts";

/** Commands in one batch. */
export const MAX_BATCH = 100;

const ERROR = {
  type: "object",
  required: ["error"],
  properties: {
    error: {
      type: "object",
      required: ["code", "message"],
      properties: {
        code: { type: "integer" },
        message: { type: "string" },
        temporary: { type: "boolean", description: "Trying again may help" },
      },
    },
  },
};

const REFUSALS = {
  "400": "The body is not JSON",
  "401": "The key is missing or wrong",
  "413": "The body is too large",
  "415": "The content type is not application/json",
};

export function describeApi(methods: readonly ApiMethod[]): JsonObject {
  const document = {
    openapi: "3.1.0",
    info: {
      title: "Fanfare server API",
      version: VERSION,
      description: "Every method is a POST. Whoever holds the key may act for any user.",
    },
    security: [{ key: [] }],
    components: {
      securitySchemes: { key: { type: "apiKey", in: "header", name: "X-API-Key" } },
      schemas: { Error: ERROR },
    },
    paths: {
      ...Object.fromEntries(methods.map((method) => [`/api/${method.name}`, describe(method)])),
      "/api/batch": describe(BATCH),
    },
  };
  // Schemas carry more than JSON: what checks them.
  return JSON.parse(JSON.stringify(document));
}

const BATCH = {
  name: "batch",
  summary: "Several methods in one request, in their order unless parallel",
  data: {
    type: "object",
    required: ["commands"],
    properties: {
      commands: {
        type: "array",
        maxItems: MAX_BATCH,
        items: {
          type: "object",
          required: ["method"],
          properties: { method: { type: "string" }, data: { type: "object" } },
        },
      },
      parallel: { type: "boolean", default: false },
    },
  },
  result: {
    type: "object",
    required: ["replies"],
    properties: { replies: { type: "array", items: { type: "object" } } },
  },
};

function describe(method: { name: string; summary: string; data: object; result: object }) {
  const error = json({ $ref: "#/components/schemas/Error" });
  const answer = {
    oneOf: [
      { type: "object", required: ["result"], properties: { result: method.result } },
      { $ref: "#/components/schemas/Error" },
    ],
  };
  return {
    post: {
      operationId: method.name,
      summary: method.summary,
      requestBody: { required: true, content: json(method.data) },
      responses: {
        "200": { description: "What came of it", content: json(answer) },
        ...Object.fromEntries(
          Object.entries(REFUSALS).map(([status, description]) => [
            status,
            { description, content: error },
          ]),
        ),
      },
    },
  };
}

function json(schema: object) {
  return { "application/json": { schema } };
}
