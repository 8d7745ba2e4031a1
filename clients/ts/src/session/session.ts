/** Whose calls these are: what every way of being signed in offers to the transport. */

/** Who is signed in. Holds no secret. */
export interface SignedIn {
  readonly accountId: string;
  readonly username: string;
}

/** A way of being signed in: cookies in a browser (`CookieSession`), tokens elsewhere (`TokenSession`). */
export interface Session {
  /** Who is signed in; undefined when nobody is. The same object as long as nothing changed. */
  readonly current: SignedIn | undefined;

  /** Calls back after every change of `current`; the result ends that. */
  subscribe(changed: () => void): () => void;

  /**
   * What a call must carry to be this person's, renewed ahead of its end. With `refused`, headers that a service did
   * not take, other ones are got.
   *
   * Throws `VidmeshError` (INVALID_REFRESH_TOKEN) when the sign-in has ended; nobody is signed in afterwards.
   */
  headers(refused?: CallHeaders): Promise<CallHeaders>;
}

/** Headers of one call. `generation` tells older ones from newer ones. */
export interface CallHeaders {
  readonly generation: number;
  readonly values: Readonly<Record<string, string>>;
  /** Whether they stand for somebody. */
  readonly signedIn: boolean;
}

/** Nobody: every call is anonymous. */
export class NoSession implements Session {
  readonly current = undefined;

  subscribe(): () => void {
    return () => undefined;
  }

  headers(): Promise<CallHeaders> {
    return Promise.resolve({ generation: 0, values: {}, signedIn: false });
  }
}
