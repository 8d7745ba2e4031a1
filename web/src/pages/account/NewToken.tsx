import { useMutation } from "@connectrpc/connect-query";
import { Role } from "@vidmesh/client/vidmesh/social/v1/account_pb";
import { Scope } from "@vidmesh/client/vidmesh/options/v1/options_pb";
import { AccountService } from "@vidmesh/client/vidmesh/social/v1/account_service_pb";
import { useState } from "react";

import { aboutField, sentenceOf } from "../../api/errors";
import { useMe } from "../../api/session";
import { t } from "../../i18n";
import { Button } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { Select, TextField } from "../../ui/Field";
import { Notice } from "../../ui/States";
import styles from "./Account.module.css";
import { SCOPES } from "./ApiTokens";

const DAYS = [7, 30, 90, 365];
const DAY_S = 86_400;

export function NewToken({ onClose }: { onClose: () => void }) {
  const administrator = useMe()?.role === Role.ADMINISTRATOR;
  const [scopes, setScopes] = useState<Scope[]>([Scope.READ]);
  const [days, setDays] = useState(30);
  const make = useMutation(AccountService.method.createApiToken);
  if (make.data) {
    return (
      <Dialog title={t("tokenReady")} onClose={onClose}>
        <div className={styles.secret}>
          <Notice tone="good">{t("tokenOnce")}</Notice>
          <code>{make.data.secret}</code>
          <Button look="solid" onClick={onClose}>
            {t("done")}
          </Button>
        </div>
      </Dialog>
    );
  }
  const onSubmit = (event: React.FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const name = String(new FormData(event.currentTarget).get("name")).trim();
    make.mutate({ apiToken: { name, scopes }, lifetime: { seconds: BigInt(days * DAY_S) } });
  };
  return (
    <Dialog title={t("newToken")} onClose={onClose}>
      <form onSubmit={onSubmit} className="stack">
        {make.error && <Notice tone="bad">{sentenceOf(make.error)}</Notice>}
        <TextField label={t("tokenName")} name="name" required maxLength={60} autoComplete="off" hint={t("tokenNameHint")} error={aboutField(make.error, "name")} />
        <fieldset className={styles.scopes}>
          <legend>{t("tokenMay")}</legend>
          {SCOPES.filter(({ scope }) => administrator || scope !== Scope.ADMINISTER).map(({ scope, words }) => (
            <label key={scope}>
              <input
                type="checkbox"
                checked={scopes.includes(scope)}
                onChange={(event) => setScopes(event.target.checked ? [...scopes, scope] : scopes.filter((one) => one !== scope))}
              />
              {t(words)}
            </label>
          ))}
        </fieldset>
        <Select label={t("tokenLife")} value={days} onChange={(event) => setDays(Number(event.target.value))}>
          {DAYS.map((count) => (
            <option key={count} value={count}>
              {t("days", { count })}
            </option>
          ))}
        </Select>
        <Button type="submit" look="solid" busy={make.isPending} disabled={!scopes.length}>
          {t("createToken")}
        </Button>
      </form>
    </Dialog>
  );
}
