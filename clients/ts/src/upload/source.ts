/** The file that is sent, which may change under our hands. */
import { ClientError } from "../errors.js";
import type { Readable } from "./parts.js";

/** The file is not the one that the upload began with. */
export class SourceChangedError extends ClientError {
  override name = "SourceChangedError";

  constructor(name: string) {
    super(`${name} changed while it was being uploaded.`);
  }
}

/** What tells a changed file without reading it. */
export interface Fingerprint {
  readonly size: number;
  /** When it was changed last, milliseconds since 1970. */
  readonly modifiedMs: number;
}

/** Where an upload's bytes come from. Reading throws `SourceChangedError` where the file is not what it was. */
export interface Source extends Readable {
  /** For people. */
  readonly name: string;
  /** Finds the file's unfinished upload again: equal for the same file, in this program and in the next. */
  readonly identity: string;
  readonly fingerprint: Fingerprint;
  /** Bytes as the body of a request, where possible without holding them in memory. */
  body(start: number, end: number): Promise<Blob | Uint8Array<ArrayBuffer>>;
  /** Throws `SourceChangedError` where that is seen without reading all of it. */
  check(): Promise<void>;
  close(): Promise<void>;
}

/** A file that somebody chose in a browser, or any other File. */
export class FileSource implements Source {
  readonly name: string;
  readonly identity: string;
  readonly size: number;
  readonly fingerprint: Fingerprint;

  /** Throws `ClientError` for an empty file. */
  constructor(private readonly file: File) {
    if (file.size === 0) throw new ClientError(`${file.name} is empty.`);
    this.name = file.name;
    this.size = file.size;
    this.fingerprint = { size: file.size, modifiedMs: file.lastModified };
    // A browser does not tell where a file lies, and two of one name are not one.
    this.identity = JSON.stringify([file.name, file.size, file.lastModified]);
  }

  async read(start: number, end: number): Promise<Uint8Array<ArrayBuffer>> {
    try {
      return new Uint8Array(await this.file.slice(start, end).arrayBuffer());
    } catch {
      // Browsers refuse to read a file that was changed or removed since it was chosen (File API, 6.2).
      throw new SourceChangedError(this.name);
    }
  }

  body(start: number, end: number): Promise<Blob> {
    return Promise.resolve(this.file.slice(start, end));
  }

  async check(): Promise<void> {
    await this.read(0, 1);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
