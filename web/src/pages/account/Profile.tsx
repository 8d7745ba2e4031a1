import { createConnectQueryKey, useMutation, useTransport } from "@connectrpc/connect-query";
import { useQueryClient } from "@tanstack/react-query";
import { AccountService } from "@vidmesh/client/vidmesh/social/v1/account_service_pb";

import { aboutField, sentenceOf } from "../../api/errors";
import { useMe } from "../../api/session";
import { t } from "../../i18n";
import { Button } from "../../ui/Button";
import { TextField } from "../../ui/Field";
import { Notice } from "../../ui/States";
import { useToast } from "../../ui/toasts";
import { Section } from "./Section";

export function Profile() {
  const me = useMe();
  const toast = useToast();
  const queries = useQueryClient();
  const transport = useTransport();
  const save = useMutation(AccountService.method.updateAccount, {
    onSuccess: () => {
      toast(t("saved"));
      void queries.invalidateQueries({ queryKey: createConnectQueryKey({ schema: AccountService.method.getAccount, transport, cardinality: undefined }) });
    },
  });
  const onSubmit = (event: React.FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const displayName = String(new FormData(event.currentTarget).get("name")).trim();
    save.mutate({ account: { displayName, etag: me?.etag ?? "" }, updateMask: { paths: ["display_name"] } });
  };
  return (
    <Section title={t("profile")} text={me ? t("profileText", { email: me.email, username: me.username }) : ""}>
      {me && (
        <form key={me.etag} onSubmit={onSubmit}>
          {save.error && <Notice tone="bad">{sentenceOf(save.error)}</Notice>}
          <TextField label={t("displayName")} name="name" maxLength={60} autoComplete="name" defaultValue={me.displayName} error={aboutField(save.error, "display_name")} />
          <Button type="submit" look="solid" busy={save.isPending}>
            {t("save")}
          </Button>
        </form>
      )}
    </Section>
  );
}
