import { Code, ConnectError, createClient, createRouterTransport, type ConnectRouter } from "@connectrpc/connect";
import { describe, expect, test } from "vitest";

import { calling, CSRF_HEADER } from "../src/calls/calling.js";
import { rulesOf } from "../src/calls/policies.js";
import { Backoff } from "../src/calls/retrying.js";
import { errorOf, VidmeshError } from "../src/errors.js";
import { BadRequestSchema, RetryInfoSchema } from "../src/gen/google/rpc/error_details_pb.js";
import { AccountService } from "../src/gen/vidmesh/social/v1/account_service_pb.js";
import { UploadService } from "../src/gen/vidmesh/upload/v1/upload_service_pb.js";
import { VideoService } from "../src/gen/vidmesh/upload/v1/video_service_pb.js";
import { type CallHeaders, NoSession, type Session } from "../src/session/session.js";
import { refusal } from "./service.js";

const QUICK = new Backoff(4, 1, 2);

const transportTo = (routes: (router: ConnectRouter) => void, session: Session = new NoSession()) =>
  createRouterTransport(routes, { transport: { interceptors: [calling(session, QUICK)] } });

/** Signed in with tokens that are numbered. */
class Numbered implements Session {
  readonly current = { accountId: "a", username: "a" };
  renewals = 0;

  subscribe() {
    return () => undefined;
  }

  headers(refused?: CallHeaders): Promise<CallHeaders> {
    if (refused !== undefined) this.renewals += 1;
    const generation = this.renewals + 1;
    return Promise.resolve({ generation, values: { authorization: `Bearer ${generation}` }, signedIn: true });
  }
}

describe("what the contracts say", () => {
  test("is read from the stubs: what may be repeated, what signs in, how long it may take", () => {
    expect(rulesOf(VideoService.method.getVideo)).toEqual({ idempotent: true, authenticates: false, timeoutMs: 10_000 });
    expect(rulesOf(AccountService.method.signIn)).toMatchObject({ idempotent: false, authenticates: true });
    expect(rulesOf(UploadService.method.confirmParts).timeoutMs).toBe(30_000);
  });
});

describe("a call", () => {
  test("is repeated while nobody answers, where the contract says that it may be", async () => {
    let asked = 0;
    const transport = transportTo(({ service }) =>
      service(VideoService, {
        getVideo: () => {
          asked += 1;
          if (asked < 3) throw new ConnectError("away", Code.Unavailable);
          return { video: { title: "here" } };
        },
      }),
    );
    const { video } = await createClient(VideoService, transport).getVideo({ videoId: "x" });
    expect(video?.title).toBe("here");
    expect(asked).toBe(3);
  });

  test("is made once where it may not be repeated", async () => {
    let asked = 0;
    const transport = transportTo(({ service }) =>
      service(AccountService, {
        signIn: () => {
          asked += 1;
          throw new ConnectError("away", Code.Unavailable);
        },
      }),
    );
    await expect(createClient(AccountService, transport).signIn({})).rejects.toMatchObject({ code: Code.Unavailable });
    expect(asked).toBe(1);
  });

  test("carries the header without which cookies count for nothing, and how long it is waited for", async () => {
    let told: Headers | undefined;
    const transport = transportTo(({ service }) =>
      service(VideoService, {
        getVideo: (_, { requestHeader }) => {
          told = requestHeader;
          return {};
        },
      }),
    );
    await createClient(VideoService, transport).getVideo({});
    expect(told?.get(CSRF_HEADER)).toBe("1");
    expect(told?.get("grpc-timeout")).toBe("10000m");
  });

  test("is made again with a renewed sign-in where the first was not taken, and only once", async () => {
    const seen: (string | null)[] = [];
    const session = new Numbered();
    const transport = transportTo(
      ({ service }) =>
        service(VideoService, {
          getVideo: (_, { requestHeader }) => {
            seen.push(requestHeader.get("authorization"));
            throw refusal(Code.Unauthenticated, "INVALID_TOKEN");
          },
        }),
      session,
    );
    await expect(createClient(VideoService, transport).getVideo({})).rejects.toMatchObject({ reason: "INVALID_TOKEN" });
    expect(seen).toEqual(["Bearer 1", "Bearer 2"]);
    expect(session.renewals).toBe(1);
  });

  test("waits as long as it is asked to, but gives up where that is too long", async () => {
    const wait = (seconds: number) =>
      transportTo(({ service }) =>
        service(VideoService, {
          getVideo: () => {
            const value = { retryDelay: { seconds: BigInt(seconds) } };
            throw new ConnectError("later", Code.ResourceExhausted, undefined, [{ desc: RetryInfoSchema, value }]);
          },
        }),
      );
    const failed = createClient(VideoService, wait(3600)).getVideo({});
    await expect(failed).rejects.toMatchObject({ retryAfterMs: 3_600_000, code: Code.ResourceExhausted });
  });
});

describe("a failure", () => {
  test("tells the reason, the facts and the fields that the installation named", () => {
    const fields = { fieldViolations: [{ field: "video.title", description: "It is too long." }] };
    const told = refusal(Code.InvalidArgument, "INVALID_FIELD");
    told.details.push({ desc: BadRequestSchema, value: fields });
    const error = errorOf(told);
    expect(error).toBeInstanceOf(VidmeshError);
    expect(error.reason).toBe("INVALID_FIELD");
    expect(error.rawMessage).toBe("No.");
    expect(error.violations).toEqual([{ field: "video.title", sentence: "It is too long." }]);
  });

  test("of the network is one that passes", () => {
    expect(errorOf(ConnectError.from(new TypeError("fetch failed"))).code).toBe(Code.Unavailable);
  });

  test("is typed once", () => {
    const error = errorOf(refusal(Code.NotFound, "VIDEO_NOT_FOUND"));
    expect(errorOf(error)).toBe(error);
  });
});
