import { useMutation } from "@connectrpc/connect-query";
import { AccountService } from "@vidmesh/client/vidmesh/social/v1/account_service_pb";

import { reasonOf, sentenceOf } from "../../api/errors";
import { useMe } from "../../api/session";
import { t } from "../../i18n";
import { Button } from "../../ui/Button";
import { Notice } from "../../ui/States";
import { useToast } from "../../ui/toasts";
import { PasswordField } from "../auth/PasswordField";
import { Section } from "./Section";

export function Password() {
  const me = useMe();
  const toast = useToast();
  const change = useMutation(AccountService.method.changePassword);
  const wrong = change.error && reasonOf(change.error) === "WRONG_PASSWORD";
  const onSubmit = (event: React.FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const element = event.currentTarget;
    const form = new FormData(element);
    change.mutate(
      { currentPassword: String(form.get("current")), newPassword: String(form.get("next")) },
      {
        onSuccess: () => {
          element.reset();
          toast(t("passwordChanged"));
        },
      },
    );
  };
  return (
    <Section title={t("changePassword")} text={t("changePasswordText")}>
      <form onSubmit={onSubmit}>
        {change.error && !wrong && <Notice tone="bad">{sentenceOf(change.error)}</Notice>}
        {/* For password managers: whose password it is. */}
        <input type="text" name="username" autoComplete="username" value={me?.email ?? ""} readOnly hidden />
        <PasswordField name="current" label={t("currentPassword")} fresh={false} error={wrong ? t("errorWrongPassword") : undefined} />
        <PasswordField name="next" label={t("newPassword")} fresh hint={t("passwordHint")} />
        <Button type="submit" busy={change.isPending}>
          {t("changePassword")}
        </Button>
      </form>
    </Section>
  );
}
