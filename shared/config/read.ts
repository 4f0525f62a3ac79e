/**
 * Reading settings from an environment, all faults at once.
 *
 * Invariant: each reader says what it expects in the same words that the table of settings shows,
 * because it registers its row as it reads. Knows no setting and no process: the environment is a
 * record that is handed in.
 *
 * @module
 */

export type Environment = Readonly<Record<string, string | undefined>>;

/** A row of the table of settings. */
export interface Setting {
  name: string;
  expects: string;
  /** What holds when it is left out; `undefined`: it must be set. */
  fallback: string | undefined;
  about: string;
}

/** Every fault of an environment: one line each, naming the variable and what was expected. */
export class ConfigError extends Error {
  override name = "ConfigError";
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(`Cannot read the configuration:\n${faults.map((fault) => `  ${fault}`).join("\n")}`);
    this.faults = faults;
  }
}

interface Spec<Fallback> {
  about: string;
  /** The value when it is left out; `null`: it may be left out, and there is none. */
  fallback?: Fallback;
}

/** The shortest key or secret, in bytes. */
export const MIN_SECRET_BYTES = 32;

/** Reads one environment. Values read are meaningful only once `done` has returned. */
export class SettingsReader {
  readonly #environment: Environment;
  readonly #settings: Setting[] = [];
  readonly #faults: string[] = [];

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  get settings(): readonly Setting[] {
    return this.#settings;
  }

  string<F extends string | null = never>(name: string, spec: Spec<F>): string | F {
    return this.#read<string, F>(name, "text", spec, "", (text) => text);
  }

  /** A key or secret: at least 32 bytes, and never shown, not even in a fault. */
  secret<F extends string | null = never>(name: string, spec: Spec<F>): string | F {
    const expects = `a secret of at least ${MIN_SECRET_BYTES} bytes`;
    return this.#read<string, F>(name, expects, spec, "", (text) => {
      if (new TextEncoder().encode(text).length >= MIN_SECRET_BYTES) return text;
    }, () => "a shorter one");
  }

  /** An integer; its unit is the end of its name: `_MS`, `_S`, `_BYTES`, `_PER_S`. */
  integer<F extends number | null = never>(
    name: string,
    spec: Spec<F> & { min: number; max: number },
  ): number | F {
    const unit = unitOf(name);
    const expects = `an integer from ${spec.min} to ${spec.max}${unit && `, in ${unit}`}`;
    return this.#read<number, F>(name, expects, spec, spec.min, (text) => {
      const value = /^-?\d{1,15}$/.test(text) ? Number(text) : NaN;
      if (value >= spec.min && value <= spec.max) return value;
    });
  }

  /** A part of the whole. */
  fraction<F extends number | null = never>(name: string, spec: Spec<F>): number | F {
    return this.#read<number, F>(name, "a number from 0 to 1", spec, 0, (text) => {
      const value = /^\d(\.\d{1,15})?$/.test(text) ? Number(text) : NaN;
      if (value >= 0 && value <= 1) return value;
    });
  }

  boolean<F extends boolean | null = never>(name: string, spec: Spec<F>): boolean | F {
    return this.#read<boolean, F>(name, "true or false", spec, false, (text) => {
      if (text === "true" || text === "false") return text === "true";
    });
  }

  choice<Option extends string, F extends Option | null = never>(
    name: string,
    spec: Spec<F> & { of: readonly [Option, ...Option[]] },
  ): Option | F {
    const expects = `one of ${spec.of.join(", ")}`;
    return this.#read<Option, F>(name, expects, spec, spec.of[0], (text) => {
      return spec.of.find((option) => option === text);
    });
  }

  url<F extends string | null = never>(
    name: string,
    spec: Spec<F> & { protocols: readonly string[] },
  ): string | F {
    const expects = `a URL with ${spec.protocols.map((one) => `${one}//`).join(" or ")}`;
    const isMeant = (text: string) => spec.protocols.some((one) => text.startsWith(`${one}//`));
    // A URL may hold a password: the fault does not repeat it.
    return this.#read<string, F>(name, expects, spec, "", (text) => {
      if (URL.canParse(text) && spec.protocols.includes(new URL(text).protocol)) return text;
    }, (text) => isMeant(text) ? BROKEN_URL : "something else");
  }

  /** Items separated by commas; blanks around them do not count. */
  list<F extends readonly string[] | null = never>(
    name: string,
    spec: Spec<F>,
  ): readonly string[] | F {
    return this.#read<readonly string[], F>(
      name,
      "a list, separated by commas",
      spec,
      [],
      (text) => {
        const items = text.split(",").map((item) => item.trim());
        if (items.every((item) => item !== "")) return items;
      },
    );
  }

  /** Adds a fault that no single reader sees: two settings that exclude each other. */
  fault(fault: string): void {
    this.#faults.push(fault);
  }

  /** @throws {ConfigError} When anything was wrong. */
  done(): void {
    if (this.#faults.length > 0) throw new ConfigError(this.#faults);
  }

  #read<Value, F extends Value | null>(
    name: string,
    expects: string,
    spec: Spec<F>,
    whenFaulty: Value,
    parse: (text: string) => Value | undefined,
    show: (text: string) => string = (text) => JSON.stringify(text.slice(0, 60)),
  ): Value | F {
    const { fallback, about } = spec;
    this.#settings.push({ name, expects, fallback: showFallback(fallback), about });
    const text = this.#environment[name];
    if (text === undefined || text === "") {
      if (fallback !== undefined) return fallback;
      this.#faults.push(`${name} must be set: ${expects}`);
      return whenFaulty;
    }
    const value = parse(text);
    if (value !== undefined) return value;
    this.#faults.push(`${name} must be ${expects}, not ${show(text)}`);
    return whenFaulty;
  }
}

const BROKEN_URL =
  "one that cannot be read: in a password, / is written %2F, ? %3F, # %23, % %25 and @ %40";

/** The settings that a configuration reads, whatever their values. */
export function settingsOf(read: (reader: SettingsReader) => unknown): readonly Setting[] {
  const reader = new SettingsReader({});
  read(reader);
  return reader.settings;
}

function unitOf(name: string): string {
  if (name.endsWith("_MS")) return "milliseconds";
  if (name.endsWith("_PER_S")) return "per second";
  if (name.endsWith("_S")) return "seconds";
  if (name.endsWith("_BYTES")) return "bytes";
  return "";
}

function showFallback(fallback: unknown): string | undefined {
  if (fallback === undefined) return undefined;
  if (fallback === null) return "none";
  return Array.isArray(fallback) ? fallback.join(",") || "none" : String(fallback);
}
