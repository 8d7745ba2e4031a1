import { useQuery } from "@connectrpc/connect-query";
import { useMutation } from "@tanstack/react-query";
import { randomUuid } from "@vidmesh/client";
import { Registration } from "@vidmesh/client/vidmesh/social/v1/account_pb";
import { AccountService } from "@vidmesh/client/vidmesh/social/v1/account_service_pb";
import { useState } from "react";
import { Link, Redirect, useLocation, useSearchParams } from "wouter";

import { aboutField, reasonOf, sentenceOf } from "../../api/errors";
import { useSession, useSignedIn } from "../../api/session";
import { nextPath, paths } from "../../app/paths";
import { useTitle } from "../../app/title";
import { t } from "../../i18n";
import { Button } from "../../ui/Button";
import { TextField } from "../../ui/Field";
import { Empty, Failure, Loading, Notice } from "../../ui/States";
import { AuthCard } from "./AuthCard";
import { handleFrom } from "./handle";
import { PasswordField } from "./PasswordField";

export default function SignUp() {
  useTitle(t("signUp"));
  const [search] = useSearchParams();
  const next = nextPath(search);
  const [, navigate] = useLocation();
  const session = useSession();
  const who = useSignedIn();
  const registration = useQuery(AccountService.method.getRegistration);
  const [handle, setHandle] = useState("");
  const [chosen, setChosen] = useState(false);
  const join = useMutation({
    mutationFn: session.signUp.bind(session),
    onSuccess: () => navigate(next, { replace: true }),
  });

  if (who && !join.isPending) return <Redirect to={next} replace />;
  if (registration.error) return <Failure error={registration.error} onRetry={() => void registration.refetch()} />;
  if (!registration.data) return <Loading />;
  const { firstAccount, inviteCodeRequired } = registration.data;
  if (registration.data.registration === Registration.CLOSED && !firstAccount) {
    return (
      <Empty icon="lock" title={t("closedTitle")}>
        {t("errorRegistrationClosed")}
      </Empty>
    );
  }

  const reason = join.error ? reasonOf(join.error) : "";
  const atField = ["EMAIL_TAKEN", "HANDLE_TAKEN", "INVALID_INVITE", "INVALID_FIELD"].includes(reason);
  const onSubmit = (event: React.FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    join.mutate({
      email: String(form.get("email")).trim(),
      password: String(form.get("password")),
      handle,
      inviteCode: String(form.get("invite") ?? "").trim(),
      requestId: randomUuid(),
    });
  };

  return (
    <AuthCard
      title={firstAccount ? t("firstAccountTitle") : t("signUpTitle")}
      foot={
        <>
          {t("haveAccount")} <Link href={search.has("next") ? `${paths.signIn}?next=${encodeURIComponent(next)}` : paths.signIn}>{t("signIn")}</Link>
        </>
      }
    >
      <form onSubmit={onSubmit}>
        {firstAccount && <Notice tone="plain">{t("firstAccountNote")}</Notice>}
        {join.error && !atField && <Notice tone="bad">{sentenceOf(join.error)}</Notice>}
        <TextField
          label={t("email")}
          name="email"
          type="email"
          autoComplete="email"
          autoFocus
          required
          maxLength={254}
          error={reason === "EMAIL_TAKEN" ? sentenceOf(join.error) : aboutField(join.error, "email")}
          onChange={(event) => !chosen && setHandle(handleFrom(event.target.value))}
        />
        <TextField
          label={t("handle")}
          name="handle"
          prefix="@"
          autoComplete="nickname"
          autoCapitalize="none"
          spellCheck={false}
          required
          minLength={3}
          maxLength={30}
          pattern="[a-zA-Z0-9][a-zA-Z0-9_.\-]{2,29}"
          title={t("handleRule")}
          hint={t("handleHint")}
          value={handle}
          error={reason === "HANDLE_TAKEN" ? sentenceOf(join.error) : aboutField(join.error, "handle")}
          onChange={(event) => {
            setChosen(event.target.value !== "");
            setHandle(event.target.value);
          }}
        />
        <PasswordField label={t("password")} name="password" fresh hint={t("passwordHint")} error={aboutField(join.error, "password")} />
        {inviteCodeRequired && (
          <TextField
            label={firstAccount ? t("setUpCode") : t("inviteCode")}
            name="invite"
            autoComplete="off"
            required
            maxLength={128}
            hint={firstAccount ? t("setUpCodeHint") : undefined}
            error={reason === "INVALID_INVITE" ? sentenceOf(join.error) : undefined}
          />
        )}
        <Button type="submit" look="solid" busy={join.isPending}>
          {t("createAccount")}
        </Button>
      </form>
    </AuthCard>
  );
}
