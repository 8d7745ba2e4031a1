/** A file on this machine. */
import { open, stat, type FileHandle } from "node:fs/promises";
import { basename, resolve } from "node:path";

import { ClientError } from "../errors.js";
import { type Fingerprint, type Source, SourceChangedError } from "../upload/source.js";

/** Opened once, so that another file under the same name is seen as a change. */
export class PathSource implements Source {
  readonly name: string;
  readonly size: number;

  private constructor(
    readonly identity: string,
    private readonly file: FileHandle,
    readonly fingerprint: Fingerprint,
  ) {
    this.name = basename(identity);
    this.size = fingerprint.size;
  }

  /** Throws `ClientError` for what is no file, or an empty one; node's own error where it cannot be read. */
  static async open(path: string): Promise<PathSource> {
    const whole = resolve(path);
    const file = await open(whole, "r");
    const told = await file.stat();
    if (!told.isFile() || told.size === 0) {
      await file.close();
      throw new ClientError(told.isFile() ? `${path} is empty.` : `${path} is not a file.`);
    }
    return new PathSource(whole, file, { size: told.size, modifiedMs: told.mtimeMs });
  }

  async read(start: number, end: number): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = new Uint8Array(end - start);
    for (let at = 0; at < bytes.length; ) {
      const { bytesRead } = await this.file.read(bytes, at, bytes.length - at, start + at);
      if (bytesRead === 0) throw new SourceChangedError(this.name);
      at += bytesRead;
    }
    return bytes;
  }

  body(start: number, end: number): Promise<Uint8Array<ArrayBuffer>> {
    return this.read(start, end);
  }

  async check(): Promise<void> {
    const named = await stat(this.identity).catch(() => undefined);
    for (const told of [named, await this.file.stat()]) {
      const same = told?.size === this.fingerprint.size && told.mtimeMs === this.fingerprint.modifiedMs;
      if (!same) throw new SourceChangedError(this.name);
    }
  }

  async close(): Promise<void> {
    await this.file.close();
  }
}
