import { timestampDate } from "@bufbuild/protobuf/wkt";
import { useMutation, useQuery } from "@connectrpc/connect-query";
import { Scope } from "@vidmesh/client/vidmesh/options/v1/options_pb";
import { AccountService } from "@vidmesh/client/vidmesh/social/v1/account_service_pb";
import { useState } from "react";

import { sentenceOf } from "../../api/errors";
import { type Key, t } from "../../i18n";
import { date } from "../../i18n/formats";
import { Button } from "../../ui/Button";
import { Icon } from "../../ui/Icon";
import { Failure, Loading } from "../../ui/States";
import { useToast } from "../../ui/toasts";
import styles from "./Account.module.css";
import { NewToken } from "./NewToken";
import { Section } from "./Section";

export const SCOPES: { scope: Scope; words: Key }[] = [
  { scope: Scope.READ, words: "scopeRead" },
  { scope: Scope.UPLOAD, words: "scopeUpload" },
  { scope: Scope.MANAGE, words: "scopeManage" },
  { scope: Scope.ADMINISTER, words: "scopeAdminister" },
];

/** Tokens for scripts. */
export function ApiTokens() {
  const toast = useToast();
  const [making, setMaking] = useState(false);
  const { data, error, refetch } = useQuery(AccountService.method.listApiTokens, { pageSize: 100 });
  const remove = useMutation(AccountService.method.deleteApiToken, {
    onSuccess: () => void refetch(),
    onError: (failure) => toast(sentenceOf(failure)),
  });
  return (
    <Section title={t("apiTokens")} text={t("apiTokensText")}>
      {error ? (
        <Failure inside error={error} onRetry={() => void refetch()} />
      ) : !data ? (
        <Loading />
      ) : (
        data.apiTokens.length > 0 && (
          <ul className={styles.rows}>
            {data.apiTokens.map(({ tokenId, name, scopes, expireTime }) => (
              <li key={tokenId}>
                <Icon name="key" />
                <span className={styles.words}>
                  {name}
                  <small>
                    {SCOPES.filter(({ scope }) => scopes.includes(scope)).map(({ words }) => t(words)).join(" · ")}
                    {expireTime && ` · ${t("goodUntil", { date: date(timestampDate(expireTime)) })}`}
                  </small>
                </span>
                <Button look="plain" aria-label={t("deleteToken", { name })} busy={remove.isPending && remove.variables?.tokenId === tokenId} onClick={() => remove.mutate({ tokenId })}>
                  {t("delete")}
                </Button>
              </li>
            ))}
          </ul>
        )
      )}
      <Button icon="plus" onClick={() => setMaking(true)}>
        {t("newToken")}
      </Button>
      {making && (
        <NewToken
          onClose={() => {
            setMaking(false);
            void refetch();
          }}
        />
      )}
    </Section>
  );
}
