import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, createRouterTransport } from "@connectrpc/connect";
import { beforeEach, describe, expect, test } from "vitest";

import { AccountService } from "../src/gen/vidmesh/social/v1/account_service_pb.js";
import { CookieSession } from "../src/session/cookies.js";
import { refusal } from "./service.js";
import { MemoryStorage } from "./storage.js";

const MINUTE = 60_000;

describe("a browser's sign-in", () => {
  let storage: MemoryStorage;
  let refreshed: number;
  let ended: boolean;
  let lifetimeMs: number;
  /** How far the installation's clock is before this machine's. */
  let aheadMs: number;

  const anonymous = createRouterTransport(({ service }) => {
    const tokens = () => ({ accessExpireTime: timestampFromMs(Date.now() + aheadMs + lifetimeMs) });
    const date = (headers: Headers) => headers.set("date", new Date(Date.now() + aheadMs).toUTCString());
    service(AccountService, {
      signIn: ({ cookies }, { responseHeader }) => {
        if (!cookies) throw refusal(Code.InvalidArgument, "INVALID_FIELD");
        date(responseHeader);
        return { account: { accountId: "1", username: "ann" }, tokens: tokens() };
      },
      refresh: ({ refreshToken }, { responseHeader }) => {
        expect(refreshToken).toBe("");
        refreshed += 1;
        if (ended) throw refusal(Code.Unauthenticated, "INVALID_REFRESH_TOKEN");
        lifetimeMs = 15 * MINUTE;
        date(responseHeader);
        return { tokens: tokens() };
      },
      signOut: () => ({}),
    });
  });
  const page = () => new CookieSession({ edgeUrl: "https://here.example", storage, anonymous });

  beforeEach(() => {
    storage = new MemoryStorage();
    refreshed = 0;
    ended = false;
    lifetimeMs = 15 * MINUTE;
    aheadMs = 0;
  });

  test("is known to the page and to the next one, and holds no token", async () => {
    const session = page();
    await session.signIn({ email: "ann@example.org", password: "correct horse" });
    expect(session.current).toEqual({ accountId: "1", username: "ann" });
    expect(page().current).toEqual({ accountId: "1", username: "ann" });
    expect(await session.headers()).toMatchObject({ values: {}, signedIn: true });
    expect(refreshed).toBe(0);
  });

  test("is renewed ahead of its end, once for all calls that wait", async () => {
    lifetimeMs = MINUTE / 3;
    const session = page();
    await session.signIn({});
    const all = await Promise.all([session.headers(), session.headers(), session.headers()]);
    expect(refreshed).toBe(1);
    expect(new Set(all.map(({ generation }) => generation)).size).toBe(1);
    await session.headers();
    expect(refreshed).toBe(1);
  });

  test.each([-5, 5])("is renewed in time on a machine whose clock is %i hours wrong", async (hours) => {
    aheadMs = hours * 60 * MINUTE;
    const session = page();
    await session.signIn({});
    await session.headers();
    expect(refreshed).toBe(0);
    lifetimeMs = MINUTE / 3;
    await session.signIn({});
    await session.headers();
    expect(refreshed).toBe(1);
  });

  test("is renewed where a call was refused with it", async () => {
    const session = page();
    await session.signIn({});
    const refused = await session.headers();
    expect((await session.headers(refused)).generation).toBeGreaterThan(refused.generation);
    expect(refreshed).toBe(1);
  });

  test("that has ended signs the page out, and tells it", async () => {
    lifetimeMs = 0;
    const session = page();
    await session.signIn({});
    let changes = 0;
    session.subscribe(() => (changes += 1));
    ended = true;
    await expect(session.headers()).rejects.toMatchObject({ reason: "INVALID_REFRESH_TOKEN" });
    expect(session.current).toBeUndefined();
    expect(changes).toBe(1);
    expect(await session.headers()).toMatchObject({ signedIn: false });
  });

  test("ends at once when its owner signs out", async () => {
    const session = page();
    await session.signIn({});
    await session.signOut();
    expect(session.current).toBeUndefined();
    expect(storage.length).toBe(0);
  });
});
