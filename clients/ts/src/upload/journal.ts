/** What an upload must remember to be resumed: after a closed tab, after a crash. */
import { fromJsonString, toJsonString } from "@bufbuild/protobuf";

import { type CreateUploadRequest, CreateUploadRequestSchema } from "../gen/vidmesh/upload/v1/upload_service_pb.js";
import type { Fingerprint } from "./source.js";

/** One upload under way. */
export interface Entry {
  readonly accountId: string;
  /** Of the source: finds the entry by its file. */
  readonly identity: string;
  /** Of the file when the upload began. */
  readonly fingerprint: Fingerprint;
  /** As it was sent, or was about to be: repeated word for word it finds the same upload. */
  readonly request: CreateUploadRequest;
  /** Empty until CreateUpload has answered. */
  readonly uploadId: string;
  /** Likewise. */
  readonly videoId: string;
  /** When it began, milliseconds since 1970. */
  readonly startedMs: number;
}

/** The uploads under way to one installation, by account, channel and file. */
export interface Journal {
  /** The upload of this file that was begun last and not finished. It may have changed since: compare fingerprints. */
  find(accountId: string, channelId: string, identity: string): Promise<Entry | undefined>;
  /** Remembers it, as durably as it can. */
  keep(entry: Entry): Promise<void>;
  /** It is finished or given up. */
  forget(entry: Entry): Promise<void>;
  /** Of this account, those begun last first. */
  list(accountId: string): Promise<Entry[]>;
}

const PREFIX = "vidmesh.upload.";

/** In `localStorage`. Pages of one origin, so of one installation, share it. */
export class StorageJournal implements Journal {
  constructor(private readonly storage: Storage) {}

  find(accountId: string, channelId: string, identity: string): Promise<Entry | undefined> {
    return Promise.resolve(entryOf(this.storage.getItem(keyOf(accountId, channelId, identity))));
  }

  keep(entry: Entry): Promise<void> {
    this.storage.setItem(keyOf(entry.accountId, entry.request.channelId, entry.identity), written(entry));
    return Promise.resolve();
  }

  forget(entry: Entry): Promise<void> {
    this.storage.removeItem(keyOf(entry.accountId, entry.request.channelId, entry.identity));
    return Promise.resolve();
  }

  list(accountId: string): Promise<Entry[]> {
    const keys = Array.from({ length: this.storage.length }, (_, at) => this.storage.key(at) ?? "");
    const ours = keys.filter((key) => key.startsWith(PREFIX)).map((key) => entryOf(this.storage.getItem(key)));
    return Promise.resolve(newest(ours, accountId));
  }
}

/** For one process: forgotten with it. */
export class MemoryJournal implements Journal {
  private readonly entries = new Map<string, Entry>();

  find(accountId: string, channelId: string, identity: string): Promise<Entry | undefined> {
    return Promise.resolve(this.entries.get(keyOf(accountId, channelId, identity)));
  }

  keep(entry: Entry): Promise<void> {
    this.entries.set(keyOf(entry.accountId, entry.request.channelId, entry.identity), entry);
    return Promise.resolve();
  }

  forget(entry: Entry): Promise<void> {
    this.entries.delete(keyOf(entry.accountId, entry.request.channelId, entry.identity));
    return Promise.resolve();
  }

  list(accountId: string): Promise<Entry[]> {
    return Promise.resolve(newest([...this.entries.values()], accountId));
  }
}

export function keyOf(accountId: string, channelId: string, identity: string): string {
  return PREFIX + JSON.stringify([accountId, channelId, identity]);
}

/** As text. */
export function written(entry: Entry): string {
  return JSON.stringify({ ...entry, format: FORMAT, request: toJsonString(CreateUploadRequestSchema, entry.request) });
}

/** From text; undefined for none, and for what something else wrote: then an upload is begun anew, which is right. */
export function entryOf(text: string | null): Entry | undefined {
  if (text === null) return undefined;
  try {
    const { format, request, ...told } = JSON.parse(text) as Omit<Entry, "request"> & Written;
    return format === FORMAT ? { ...told, request: fromJsonString(CreateUploadRequestSchema, request) } : undefined;
  } catch {
    return undefined;
  }
}

interface Written {
  readonly format: number;
  readonly request: string;
}

const FORMAT = 1;

export function newest(entries: readonly (Entry | undefined)[], accountId: string): Entry[] {
  return entries
    .filter((entry): entry is Entry => entry?.accountId === accountId)
    .sort((one, other) => other.startedMs - one.startedMs);
}
