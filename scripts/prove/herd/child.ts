/**
 * A process of a rush, from outside: its lines as they come, and its last word.
 *
 * Invariant: it is gone when it is disposed of.
 *
 * @module
 */

export class Child<Line, End> implements AsyncDisposable {
  readonly lines: Line[] = [];
  readonly #process: Deno.ChildProcess;
  readonly #reading: Promise<void>;
  #last: unknown;

  /** `file` is a program of this folder, `order` its one argument. */
  constructor(file: string, order: unknown) {
    this.#process = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--no-prompt",
        "--allow-net=127.0.0.1",
        "--allow-env",
        `${import.meta.dirname}/${file}`,
        JSON.stringify(order),
      ],
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#reading = this.#read();
  }

  get latest(): Line | undefined {
    return this.lines.at(-1);
  }

  /** Tells it to end, and resolves to its last word. */
  async end(ending: unknown): Promise<End> {
    const writer = this.#process.stdin.getWriter();
    await writer.write(new TextEncoder().encode(`${JSON.stringify(ending)}\n`));
    await this.#reading;
    this.lines.pop();
    return this.#last as End;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#process.kill("SIGKILL");
    } catch {
      // It has ended.
    }
    await this.#process.stdin.abort().catch(() => {});
    await this.#process.status;
    await this.#reading;
  }

  async #read(): Promise<void> {
    let rest = "";
    for await (const text of this.#process.stdout.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split("\n");
      rest = lines.pop()!;
      for (const line of lines) this.lines.push(this.#last = JSON.parse(line));
    }
  }
}
