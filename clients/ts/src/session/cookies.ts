/**
 * Being signed in, in a browser: the tokens are in cookies that no script can read. What this keeps, so that pages know
 * who is signed in and when to renew it, is no secret.
 */
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { createClient, type Transport } from "@connectrpc/connect";
import type { MessageInitShape } from "@bufbuild/protobuf";

import { createTransport } from "../calls/transport.js";
import type { Account, Tokens } from "../gen/vidmesh/social/v1/account_pb.js";
import {
  AccountService,
  type SignInRequestSchema,
  type SignInResponse,
  type SignUpRequestSchema,
  type SignUpResponse,
} from "../gen/vidmesh/social/v1/account_service_pb.js";
import { errorOf, VidmeshError } from "../errors.js";
import { clockBehind, exchange } from "./exchange.js";
import { Listeners } from "./listeners.js";
import { exclusively } from "./locks.js";
import type { CallHeaders, Session, SignedIn } from "./session.js";

/** An access token is renewed this long before its end, so that it does not end on its way. */
const EARLY_MS = 30_000;
const KEY = "vidmesh.session";

/** As much of `Storage` as is needed. */
export type Kept = Pick<Storage, "getItem" | "setItem" | "removeItem">;

interface Note extends SignedIn {
  /** By this machine's clock. */
  readonly accessEndsMs: number;
  readonly generation: number;
}

export interface CookieSessionOptions {
  /** The page's own origin; cookies go nowhere else. */
  readonly edgeUrl: string;
  /** `localStorage`, so that all tabs are one. */
  readonly storage: Kept;
  /** Where changes in other tabs are told: `window`. */
  readonly events?: Pick<EventTarget, "addEventListener">;
  /** How calls that sign in get there, where not as all others do. */
  readonly anonymous?: Transport;
}

/** One for a page. */
export class CookieSession implements Session {
  private readonly anonymous: Transport;
  private readonly storage: Kept;
  private readonly listeners = new Listeners();
  private renewing: Promise<Note | undefined> | undefined;
  private shown: SignedIn | undefined;

  constructor(options: CookieSessionOptions) {
    this.anonymous = options.anonymous ?? createTransport({ edgeUrl: options.edgeUrl });
    this.storage = options.storage;
    this.shown = shownOf(this.note());
    options.events?.addEventListener("storage", (event) => {
      if (event instanceof StorageEvent && (event.key === KEY || event.key === null)) this.changed();
    });
  }

  get current(): SignedIn | undefined {
    return this.shown;
  }

  subscribe(changed: () => void): () => void {
    return this.listeners.add(changed);
  }

  /** Makes an account and signs it in. Throws `VidmeshError`; see AccountService.SignUp. */
  async signUp(request: MessageInitShape<typeof SignUpRequestSchema>): Promise<SignUpResponse> {
    return this.begun((options) => this.accounts.signUp({ ...request, cookies: true }, options));
  }

  /** Throws `VidmeshError` (WRONG_CREDENTIALS, TOO_MANY_ATTEMPTS). */
  async signIn(request: MessageInitShape<typeof SignInRequestSchema>): Promise<SignInResponse> {
    return this.begun((options) => this.accounts.signIn({ ...request, cookies: true }, options));
  }

  /** Ends it here at once, and at the installation. Throws `VidmeshError` where that cannot be reached. */
  async signOut(): Promise<void> {
    this.keep(undefined);
    await this.accounts.signOut({});
  }

  async headers(refused?: CallHeaders): Promise<CallHeaders> {
    let note = this.note();
    if (note !== undefined && !good(note, refused)) note = await this.renewed(refused);
    // Cookies travel by themselves.
    return { generation: note?.generation ?? 0, values: {}, signedIn: note !== undefined };
  }

  private get accounts() {
    return createClient(AccountService, this.anonymous);
  }

  private async begun<T extends { account?: Account | undefined; tokens?: Tokens | undefined }>(
    call: (options: { onHeader: (headers: Headers) => void }) => Promise<T>,
  ): Promise<T> {
    let behindMs = 0;
    const answer = await call({ onHeader: (headers) => (behindMs = clockBehind(headers)) });
    const { account, tokens } = answer;
    if (account !== undefined && tokens !== undefined) this.keep(noteOf(account, tokens, behindMs, 1));
    return answer;
  }

  private renewed(refused: CallHeaders | undefined): Promise<Note | undefined> {
    this.renewing ??= exclusively(KEY, () => this.renew(refused)).finally(() => (this.renewing = undefined));
    return this.renewing;
  }

  private async renew(refused: CallHeaders | undefined): Promise<Note | undefined> {
    // Another tab may have done it while this one waited.
    const note = this.note();
    if (note === undefined || good(note, refused)) return note;
    try {
      const { tokens, clockBehindMs } = await exchange(this.anonymous, "");
      // Signed out meanwhile: what came must not sign in again.
      if (this.note()?.accountId !== note.accountId) return this.note();
      const next = noteOf(note, tokens, clockBehindMs, note.generation + 1);
      this.keep(next);
      return next;
    } catch (thrown) {
      const error = errorOf(thrown);
      if (error.reason !== "INVALID_REFRESH_TOKEN") throw error;
      this.keep(undefined);
      throw new VidmeshError("The sign-in has ended: sign in again.", error.code, error.reason);
    }
  }

  private note(): Note | undefined {
    try {
      return (JSON.parse(this.storage.getItem(KEY) ?? "null") as Note | null) ?? undefined;
    } catch {
      return undefined;
    }
  }

  private keep(note: Note | undefined): void {
    if (note === undefined) this.storage.removeItem(KEY);
    else this.storage.setItem(KEY, JSON.stringify(note));
    this.changed();
  }

  private changed(): void {
    const now = shownOf(this.note());
    if (now?.accountId === this.shown?.accountId) return;
    this.shown = now;
    this.listeners.tell();
  }
}

function noteOf(who: SignedIn, tokens: Tokens, clockBehindMs: number, generation: number): Note {
  const ends = tokens.accessExpireTime;
  const accessEndsMs = ends === undefined ? 0 : timestampMs(ends) - clockBehindMs;
  return { accountId: who.accountId, username: who.username, accessEndsMs, generation };
}

function shownOf(note: Note | undefined): SignedIn | undefined {
  return note && { accountId: note.accountId, username: note.username };
}

function good(note: Note, refused: CallHeaders | undefined): boolean {
  return note.generation !== refused?.generation && note.accessEndsMs - EARLY_MS > Date.now();
}
