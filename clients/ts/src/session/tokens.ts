/** Being signed in by tokens that the program itself holds: Node, tests, tools. */
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { Code, createClient, type Transport } from "@connectrpc/connect";

import { createTransport } from "../calls/transport.js";
import { ClientError, errorOf, VidmeshError } from "../errors.js";
import type { Account, Tokens } from "../gen/vidmesh/social/v1/account_pb.js";
import { AccountService } from "../gen/vidmesh/social/v1/account_service_pb.js";
import { exchange } from "./exchange.js";
import { Listeners } from "./listeners.js";
import type { CallHeaders, Session, SignedIn } from "./session.js";

const EARLY_MS = 30_000;

interface Held extends SignedIn {
  readonly tokens: Tokens;
  readonly generation: number;
}

/** Signs in with e-mail and password, and keeps the tokens in this process. */
export class TokenSession implements Session {
  private readonly anonymous: Transport;
  private readonly listeners = new Listeners();
  private held: Held | undefined;
  private renewing: Promise<Held | undefined> | undefined;

  constructor(edgeUrl: string) {
    this.anonymous = createTransport({ edgeUrl });
  }

  get current(): SignedIn | undefined {
    return this.held;
  }

  subscribe(changed: () => void): () => void {
    return this.listeners.add(changed);
  }

  /** Throws `VidmeshError` (WRONG_CREDENTIALS, TOO_MANY_ATTEMPTS). `deviceName` is shown in the list of sign-ins. */
  async signIn(email: string, password: string, deviceName = ""): Promise<SignedIn> {
    const { account, tokens } = await this.accounts.signIn({ email, password, deviceName });
    return this.begun(account, tokens);
  }

  /** Makes an account and signs it in. Throws `VidmeshError`; see AccountService.SignUp. */
  async signUp(email: string, password: string, handle: string, inviteCode = ""): Promise<SignedIn> {
    const { account, tokens } = await this.accounts.signUp({ email, password, handle, inviteCode });
    return this.begun(account, tokens);
  }

  /** Ends it here at once, and at the installation. */
  async signOut(): Promise<void> {
    const held = this.held;
    this.keep(undefined);
    if (held !== undefined) await this.accounts.signOut({ refreshToken: held.tokens.refreshToken });
  }

  async headers(refused?: CallHeaders): Promise<CallHeaders> {
    let held = this.held;
    if (held !== undefined && !good(held, refused)) {
      this.renewing ??= this.renew(held).finally(() => (this.renewing = undefined));
      held = await this.renewing;
    }
    if (held === undefined) return { generation: 0, values: {}, signedIn: false };
    return { generation: held.generation, values: bearer(held.tokens.accessToken), signedIn: true };
  }

  private get accounts() {
    return createClient(AccountService, this.anonymous);
  }

  private begun(account: Account | undefined, tokens: Tokens | undefined): SignedIn {
    if (account === undefined || tokens === undefined) throw new ClientError("The answer holds no sign-in.");
    this.keep({ accountId: account.accountId, username: account.username, tokens, generation: 1 });
    return account;
  }

  private async renew(held: Held): Promise<Held | undefined> {
    try {
      const { tokens } = await exchange(this.anonymous, held.tokens.refreshToken);
      if (this.held?.accountId === held.accountId) this.held = { ...held, tokens, generation: held.generation + 1 };
      return this.held;
    } catch (thrown) {
      const error = errorOf(thrown);
      if (error.reason !== "INVALID_REFRESH_TOKEN") throw error;
      this.keep(undefined);
      throw new VidmeshError("The sign-in has ended: sign in again.", Code.Unauthenticated, error.reason);
    }
  }

  private keep(held: Held | undefined): void {
    this.held = held;
    this.listeners.tell();
  }
}

/** A personal API token in the place of a sign-in: it is never renewed. */
export class ApiTokenSession implements Session {
  readonly current: SignedIn;

  /** Throws `ClientError` for what is no API token. */
  constructor(private readonly token: string) {
    this.current = { accountId: accountOf(token), username: "" };
  }

  subscribe(): () => void {
    return () => undefined;
  }

  headers(refused?: CallHeaders): Promise<CallHeaders> {
    if (refused === undefined) return Promise.resolve({ generation: 1, values: bearer(this.token), signedIn: true });
    return Promise.reject(
      new VidmeshError("The API token has expired or was deleted.", Code.Unauthenticated, "INVALID_TOKEN"),
    );
  }
}

function bearer(token: string): Record<string, string> {
  return { authorization: `Bearer ${token}` };
}

function good(held: Held, refused: CallHeaders | undefined): boolean {
  const ends = held.tokens.accessExpireTime;
  if (held.generation === refused?.generation) return false;
  return ends !== undefined && timestampMs(ends) - EARLY_MS > Date.now();
}

/** The subject of a JWT (RFC 7519), unverified: the installation verifies it. */
function accountOf(token: string): string {
  try {
    const payload = (token.split(".")[1] ?? "").replaceAll("-", "+").replaceAll("_", "/");
    const { sub } = JSON.parse(atob(payload)) as { sub?: unknown };
    if (typeof sub === "string" && sub !== "") return sub;
  } catch {
    // Told below.
  }
  throw new ClientError("This is no API token; `vidmesh token create` makes one.");
}
