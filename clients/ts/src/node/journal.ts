/** What uploads must remember, in a folder: a small file for each, replaced whole. */
import { createHash, randomUUID } from "node:crypto";
import { mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";

import { type Entry, entryOf, type Journal, keyOf, newest, written } from "../upload/journal.js";

/** For one installation. */
export class FolderJournal implements Journal {
  constructor(private readonly folder: string) {}

  async find(accountId: string, channelId: string, identity: string): Promise<Entry | undefined> {
    return this.read(fileOf(keyOf(accountId, channelId, identity)));
  }

  async keep(entry: Entry): Promise<void> {
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    const beside = join(this.folder, `.${randomUUID()}`);
    const file = await open(beside, "wx", 0o600);
    try {
      await file.writeFile(written(entry));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(beside, join(this.folder, nameOf(entry)));
  }

  async forget(entry: Entry): Promise<void> {
    await rm(join(this.folder, nameOf(entry)), { force: true });
  }

  async list(accountId: string): Promise<Entry[]> {
    const names = await readdir(this.folder).catch(() => []);
    const files = names.filter((name) => name.endsWith(".json"));
    return newest(await Promise.all(files.map((name) => this.read(name))), accountId);
  }

  private async read(name: string): Promise<Entry | undefined> {
    return entryOf(await readFile(join(this.folder, name), "utf8").catch(() => null));
  }
}

function nameOf(entry: Entry): string {
  return fileOf(keyOf(entry.accountId, entry.request.channelId, entry.identity));
}

function fileOf(key: string): string {
  return `${createHash("sha256").update(key).digest("hex").slice(0, 32)}.json`;
}
