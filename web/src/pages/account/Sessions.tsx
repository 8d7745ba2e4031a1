import { timestampDate } from "@bufbuild/protobuf/wkt";
import { useMutation, useQuery } from "@connectrpc/connect-query";
import type { Session } from "@vidmesh/client/vidmesh/social/v1/account_pb";
import { AccountService } from "@vidmesh/client/vidmesh/social/v1/account_service_pb";

import { sentenceOf } from "../../api/errors";
import { t } from "../../i18n";
import { ago } from "../../i18n/formats";
import { Button } from "../../ui/Button";
import { Icon } from "../../ui/Icon";
import { Failure, Loading } from "../../ui/States";
import { useToast } from "../../ui/toasts";
import styles from "./Account.module.css";
import { Section } from "./Section";

/** Where the account is signed in, and the end of that. */
export function Sessions() {
  const toast = useToast();
  const { data, error, refetch } = useQuery(AccountService.method.listSessions, { pageSize: 100 });
  const options = { onSuccess: () => void refetch(), onError: (failure: unknown) => toast(sentenceOf(failure)) };
  const end = useMutation(AccountService.method.endSession, options);
  const endOthers = useMutation(AccountService.method.signOutEverywhere, options);
  return (
    <Section title={t("sessions")} text={t("sessionsText")}>
      {error ? (
        <Failure inside error={error} onRetry={() => void refetch()} />
      ) : !data ? (
        <Loading />
      ) : (
        <>
          <ul className={styles.rows}>
            {data.sessions.map((session) => (
              <li key={session.sessionId}>
                <Icon name="device" />
                <One session={session} />
                {!session.current && (
                  <Button look="plain" busy={end.isPending && end.variables?.sessionId === session.sessionId} onClick={() => end.mutate({ sessionId: session.sessionId })}>
                    {t("signOut")}
                  </Button>
                )}
              </li>
            ))}
          </ul>
          {data.sessions.length > 1 && (
            <Button look="danger" busy={endOthers.isPending} onClick={() => endOthers.mutate({ keepCurrent: true })}>
              {t("endOthers")}
            </Button>
          )}
        </>
      )}
    </Section>
  );
}

function One({ session }: { session: Session }) {
  const used = session.lastUseTime && timestampDate(session.lastUseTime);
  return (
    <span className={styles.words}>
      {deviceOf(session.deviceName)}
      {session.current && <span className={styles.here}>{t("thisOne")}</span>}
      {used && <small>{t("usedAgo", { ago: ago(used) })}</small>}
    </span>
  );
}

/** A browser's User-Agent in words, as far as that is possible; anything else as it is. */
function deviceOf(name: string): string {
  if (!name.startsWith("Mozilla/")) return name || t("unknownDevice");
  const browser = ([["Edg/", "Edge"], ["OPR/", "Opera"], ["Firefox/", "Firefox"], ["Chrome/", "Chrome"], ["Safari/", "Safari"]] as const).find(([mark]) => name.includes(mark));
  const system = ([["iPhone", "iPhone"], ["iPad", "iPad"], ["Android", "Android"], ["Windows", "Windows"], ["Mac OS", "macOS"], ["Linux", "Linux"]] as const).find(([mark]) => name.includes(mark));
  return [browser?.[1] ?? t("browser"), system?.[1]].filter(Boolean).join(", ");
}
