/** Who is signed in. The tokens are in cookies that no script can read; the client keeps a note of whose they are. */
import { useQuery } from "@connectrpc/connect-query";
import type { CookieSession, SignedIn } from "@vidmesh/client";
import type { Account } from "@vidmesh/client/vidmesh/social/v1/account_pb";
import { AccountService } from "@vidmesh/client/vidmesh/social/v1/account_service_pb";
import type { Channel } from "@vidmesh/client/vidmesh/social/v1/channel_pb";
import { ChannelService } from "@vidmesh/client/vidmesh/social/v1/channel_service_pb";
import { createContext, useContext, useSyncExternalStore } from "react";

const Context = createContext<CookieSession | undefined>(undefined);

export const SessionProvider = Context;

/** To sign in, up and out. */
export function useSession(): CookieSession {
  const session = useContext(Context);
  if (!session) throw new Error("There is no session around this part of the page.");
  return session;
}

/** Who is signed in, in this and every other tab; undefined when nobody is. */
export function useSignedIn(): SignedIn | undefined {
  const session = useSession();
  return useSyncExternalStore(
    (changed) => session.subscribe(changed),
    () => session.current,
  );
}

/** The account of who is signed in. */
export function useMe(): Account | undefined {
  const enabled = useSignedIn() !== undefined;
  return useQuery(AccountService.method.getAccount, { accountId: "me" }, { enabled }).data?.account;
}

/** The channels of who is signed in; the first is where uploads go. */
export function useMyChannels(): { channels: Channel[] | undefined; error: unknown; retry: () => void } {
  const enabled = useSignedIn() !== undefined;
  const { data, error, refetch } = useQuery(ChannelService.method.listMyChannels, { pageSize: 100 }, { enabled });
  return { channels: data?.channels, error, retry: () => void refetch() };
}
