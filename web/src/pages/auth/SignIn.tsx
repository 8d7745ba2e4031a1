import { useMutation } from "@tanstack/react-query";
import { Link, Redirect, useLocation, useSearchParams } from "wouter";

import { sentenceOf } from "../../api/errors";
import { useSession, useSignedIn } from "../../api/session";
import { nextPath, paths } from "../../app/paths";
import { useTitle } from "../../app/title";
import { t } from "../../i18n";
import { Button } from "../../ui/Button";
import { TextField } from "../../ui/Field";
import { Notice } from "../../ui/States";
import { AuthCard } from "./AuthCard";
import { PasswordField } from "./PasswordField";

export default function SignIn() {
  useTitle(t("signIn"));
  const [search] = useSearchParams();
  const next = nextPath(search);
  const [, navigate] = useLocation();
  const session = useSession();
  const who = useSignedIn();
  const enter = useMutation({
    mutationFn: session.signIn.bind(session),
    onSuccess: () => navigate(next, { replace: true }),
  });
  if (who && !enter.isPending) return <Redirect to={next} replace />;

  const onSubmit = (event: React.FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    enter.mutate({ email: String(form.get("email")).trim(), password: String(form.get("password")) });
  };

  return (
    <AuthCard
      title={t("signInTitle")}
      foot={
        <>
          {t("noAccountYet")} <Link href={search.has("next") ? `${paths.signUp}?next=${encodeURIComponent(next)}` : paths.signUp}>{t("signUp")}</Link>
        </>
      }
    >
      <form onSubmit={onSubmit}>
        {enter.error && <Notice tone="bad">{sentenceOf(enter.error)}</Notice>}
        <TextField label={t("email")} name="email" type="email" autoComplete="username" autoFocus required maxLength={254} />
        <PasswordField label={t("password")} name="password" fresh={false} />
        <Button type="submit" look="solid" busy={enter.isPending}>
          {t("signIn")}
        </Button>
      </form>
    </AuthCard>
  );
}
