/**
 * What a program tells of itself: one JSON object a line on stdout, or readable text on a terminal.
 *
 * Invariant: no body, token, push token or secret is ever written; the fields have no such names,
 * and an error gives its name, message, code and stack, never the data that databases attach.
 *
 * @module
 */

import {
  configureSync,
  getAnsiColorFormatter,
  getJsonLinesFormatter,
  getLogger,
} from "@logtape/logtape";

export const LOG_LEVELS = ["debug", "info", "warning", "error"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export type LogFields =
  & { [name: string]: string | number | boolean | null | undefined | Error }
  & { body?: never; token?: never; secret?: never; key?: never; password?: never };

/** A message is words for a reader, and the same each time; what varies is in the fields. */
export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warning(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

export interface LogOptions {
  /** Such as `origin`: the first word of every line's logger. */
  program: string;
  level: LogLevel;
  /** Readable text instead of JSON. */
  terminal: boolean;
  /** Takes each line, without its end. */
  write?: (line: string) => void;
}

/** Sets up logging for the whole process: to be called once, by main. */
export function openLog(options: LogOptions): Log {
  const write = options.write ?? ((line: string) => console.log(line));
  const format = options.terminal
    ? getAnsiColorFormatter({ timestamp: "time" })
    : getJsonLinesFormatter({ properties: "nest:fields" });
  configureSync({
    reset: true,
    sinks: { lines: (record) => write(format(record).trimEnd()) },
    loggers: [
      { category: options.program, lowestLevel: options.level, sinks: ["lines"] },
      { category: ["logtape", "meta"], lowestLevel: "error", sinks: ["lines"] },
    ],
  });
  return logOf(options.program, options.terminal);
}

/** A log that says nothing: for tests, and for parts that are run without a program. */
export const SILENT_LOG: Log = { debug() {}, info() {}, warning() {}, error() {} };

function logOf(program: string, terminal: boolean): Log {
  const logger = getLogger(program);
  // The text format shows only what the message names.
  const shown = (message: string, fields: LogFields) =>
    terminal ? withNames(message, fields) : message;
  return {
    debug: (message, fields = {}) => logger.debug(shown(message, fields), plain(fields)),
    info: (message, fields = {}) => logger.info(shown(message, fields), plain(fields)),
    warning: (message, fields = {}) => logger.warning(shown(message, fields), plain(fields)),
    error: (message, fields = {}) => logger.error(shown(message, fields), plain(fields)),
  };
}

function withNames(message: string, fields: LogFields): string {
  return [message, ...Object.keys(fields).map((name) => `${name}={${name}}`)].join("  ");
}

function plain(fields: LogFields): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      value instanceof Error ? describeError(value) : value,
    ]),
  );
}

interface DescribedError {
  name: string;
  message: string;
  code?: string | number;
  stack?: string;
  cause?: DescribedError | string;
}

const MAX_CAUSES = 4;

function describeError(error: Error, depth = 0): DescribedError {
  const { code } = error as { code?: unknown };
  const cause = error.cause instanceof Error
    ? depth < MAX_CAUSES ? describeError(error.cause, depth + 1) : error.cause.name
    : undefined;
  return {
    name: error.name,
    message: error.message,
    ...((typeof code === "string" || typeof code === "number") && { code }),
    ...(error.stack && { stack: error.stack }),
    ...(cause && { cause }),
  };
}
