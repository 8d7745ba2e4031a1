import { Code } from "@connectrpc/connect";
import { beforeEach, describe, expect, test } from "vitest";

import { Visibility } from "../src/gen/vidmesh/upload/v1/video_pb.js";
import { type Entry, StorageJournal } from "../src/upload/journal.js";
import type { Network } from "../src/upload/network.js";
import { FileSource } from "../src/upload/source.js";
import type { Upload } from "../src/upload/upload.js";
import { Uploader } from "../src/upload/uploader.js";
import { UploadState } from "../src/gen/vidmesh/upload/v1/upload_pb.js";
import { CHANNEL, Installation, refusal, SIGNED_IN } from "./service.js";
import { MemoryStorage } from "./storage.js";

const TEXT = "what is in this file, from its beginning to its very end.";
const file = (text = TEXT, lastModified = 1) => new FileSource(new File([text], "clip.mp4", { lastModified }));

describe("an upload", () => {
  let installation: Installation;
  let storage: MemoryStorage;

  beforeEach(() => {
    installation = new Installation();
    storage = new MemoryStorage();
  });

  /** A new one is a new tab: it knows nothing but what the journal kept. */
  const uploader = (network?: Network) =>
    new Uploader({
      edgeUrl: "https://here.example",
      transport: installation.transport,
      session: SIGNED_IN,
      journal: new StorageJournal(storage),
      pace: { first: 2, most: 2 },
      put: installation.putting,
      ...(network === undefined ? {} : { network }),
    });

  /** Resolves once it stands as asked. */
  const until = (upload: Upload, wanted: (upload: Upload) => boolean) =>
    new Promise<void>((resolve) => {
      const look = () => {
        if (wanted(upload)) resolve();
      };
      upload.subscribe(look);
      look();
    });

  /** Two parts are taken, and no more before `letGo`; `stuck` resolves once all that send wait for that. */
  const heldAtThird = () => {
    let letGo = () => {};
    const held = new Promise<void>((resolve) => (letGo = resolve));
    let stuck = () => {};
    const waiting = new Promise<void>((resolve) => (stuck = resolve));
    let puts = 0;
    installation.before = async (what) => {
      if (what !== "put" || (puts += 1) <= 2) return;
      if (puts === 4) stuck();
      await held;
    };
    return { letGo, stuck: waiting };
  };

  /** An upload whose tab was closed when two parts were there. */
  const closedTab = async (words = {}) => {
    const { stuck } = heldAtThird();
    const closed = uploader().begin(file(), CHANNEL, words);
    await until(closed, ({ snapshot }) => snapshot.confirmed >= 8);
    await stuck;
    installation.before = () => undefined;
  };

  test("brings every byte there, says how far it is, and leaves nothing behind", async () => {
    const upload = uploader().begin(file(), CHANNEL, { title: "First" });
    const seen: number[] = [];
    upload.subscribe(() => seen.push(upload.snapshot.confirmed));
    const done = await upload.done;
    expect(done).toEqual({ uploadId: "upload-1", videoId: "video-1", resumed: false });
    expect(installation.file("upload-1")).toBe(TEXT);
    expect(upload.snapshot).toMatchObject({ phase: "done", sent: TEXT.length, confirmed: TEXT.length });
    expect(seen).toEqual([...seen].sort((one, other) => one - other));
    expect(storage.length).toBe(0);
  });

  test("sends the head first", async () => {
    await uploader().begin(file(), CHANNEL).done;
    expect(new Set(installation.put.slice(0, 2))).toEqual(new Set([1, 2]));
  });

  test("shares what may be sent at once with all others of the page", async () => {
    let sending = 0;
    let most = 0;
    installation.before = async (what) => {
      if (what !== "put") return;
      most = Math.max(most, (sending += 1));
      await new Promise((resolve) => setTimeout(resolve, 2));
      sending -= 1;
    };
    const page = uploader();
    const names = ["one", "two", "three"];
    const files = names.map((name) => new FileSource(new File([`${name}: ${TEXT}`], `${name}.mp4`)));
    await Promise.all(files.map((one) => page.begin(one, CHANNEL).done));
    expect(most).toBe(2);
    expect(installation.file("upload-3")).toContain(TEXT);
  });

  test("that a closed tab broke off goes on in the next with what is missing, and takes the last words", async () => {
    await closedTab({ title: "First" });
    expect(await uploader().unfinished()).toMatchObject([{ uploadId: "upload-1", videoId: "video-1" }]);

    installation.put.length = 0;
    const wanted = { title: "Second", visibility: Visibility.PUBLIC };
    const done = await uploader().begin(file(), CHANNEL, wanted).done;
    expect(done).toEqual({ uploadId: "upload-1", videoId: "video-1", resumed: true });
    expect(installation.file("upload-1")).toBe(TEXT);
    expect(installation.put).not.toContain(1);
    expect(installation.edited).toEqual(["title", "visibility"]);
  });

  test("of which nobody knows whether it was begun is the same one when it is begun again", async () => {
    let lost = true;
    installation.before = (what) => {
      if (what !== "signParts" || !lost) return;
      lost = false;
      // The tab dies between the answer and the note that it is known.
      const key = storage.key(0) ?? "";
      storage.setItem(key, storage.getItem(key)?.replaceAll("upload-1", "").replaceAll("video-1", "") ?? "");
      throw refusal(Code.PermissionDenied, "PERMISSION_DENIED");
    };
    await expect(uploader().begin(file(), CHANNEL).done).rejects.toMatchObject({ reason: "PERMISSION_DENIED" });
    expect((await uploader().begin(file(), CHANNEL).done).uploadId).toBe("upload-1");
    expect(installation.uploads.size).toBe(1);
  });

  test("of a file that has other bytes than were sent before is begun anew", async () => {
    await closedTab();
    const other = TEXT.replace("what", "That");
    const done = await uploader().begin(file(other), CHANNEL).done;
    expect(done.uploadId).toBe("upload-2");
    expect(installation.file("upload-2")).toBe(other);
    expect(installation.uploads.get("upload-1")?.upload.state).toBe(UploadState.ABORTED);
  });

  test("stands still while it is paused", async () => {
    const { letGo } = heldAtThird();
    const upload = uploader().begin(file(), CHANNEL);
    await until(upload, ({ snapshot }) => snapshot.confirmed >= 8);
    upload.pause();
    letGo();
    const stored = installation.stored.size;
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(upload.snapshot.phase).toBe("paused");
    expect(installation.stored.size).toBeLessThanOrEqual(stored + 2);
    upload.resume();
    await upload.done;
    expect(installation.file("upload-1")).toBe(TEXT);
  });

  test("that is cancelled leaves no upload there and no note here", async () => {
    const { letGo } = heldAtThird();
    const upload = uploader().begin(file(), CHANNEL);
    await until(upload, ({ snapshot }) => snapshot.confirmed >= 8);
    const cancelling = upload.cancel();
    letGo();
    await cancelling;
    await expect(upload.done).rejects.toThrow("cancelled");
    expect(upload.snapshot.phase).toBe("cancelled");
    expect(installation.uploads.get("upload-1")?.upload.state).toBe(UploadState.ABORTED);
    expect(storage.length).toBe(0);
  });

  test("waits for the network to come back, however long that takes", async () => {
    let back = () => {};
    const network = {
      online: true,
      back: () =>
        new Promise<void>((resolve) => {
          back = resolve;
        }),
    };
    installation.before = (what) => {
      if (what !== "signParts" || network.online) return;
      throw refusal(Code.Unavailable, "UNAVAILABLE");
    };
    network.online = false;
    const upload = uploader(network).begin(file(), CHANNEL);
    await until(upload, ({ snapshot }) => snapshot.phase === "waiting");
    network.online = true;
    back();
    await upload.done;
    expect(installation.file("upload-1")).toBe(TEXT);
  });

  test("that is refused says why and can be begun again", async () => {
    installation.before = (what) => {
      if (what === "completeUpload") throw refusal(Code.PermissionDenied, "PERMISSION_DENIED");
    };
    const upload = uploader().begin(file(), CHANNEL);
    await expect(upload.done).rejects.toMatchObject({ reason: "PERMISSION_DENIED" });
    expect(upload.snapshot).toMatchObject({ phase: "failed", error: { reason: "PERMISSION_DENIED" } });
    installation.before = () => undefined;
    expect((await uploader().begin(file(), CHANNEL).done).resumed).toBe(true);
  });

  test("that was broken off can be given up without its file", async () => {
    await closedTab();
    const [entry] = (await uploader().unfinished()) as [Entry];
    await uploader().giveUp(entry);
    expect(installation.uploads.get("upload-1")?.upload.state).toBe(UploadState.ABORTED);
    expect(await uploader().unfinished()).toEqual([]);
  });

  test("of an empty file is none", () => {
    expect(() => file("")).toThrow("empty");
  });
});
