import { useMutation } from "@tanstack/react-query";
import { Link, useLocation } from "wouter";

import { useMe, useMyChannels, useSession, useSignedIn } from "../api/session";
import { t } from "../i18n";
import { Avatar } from "../ui/Avatar";
import { ButtonLink } from "../ui/Button";
import { Menu } from "../ui/Menu";
import { Logo } from "./Logo";
import { paths, signInFor } from "./paths";
import styles from "./TopBar.module.css";
import { nextTheme, useTheme } from "./theme";

export function TopBar() {
  const who = useSignedIn();
  const [path] = useLocation();
  return (
    <header className={styles.bar}>
      <Link href={paths.home} className={styles.logo} aria-label={t("logo")}>
        <Logo />
      </Link>
      <nav aria-label={t("mainNavigation")} className={styles.nav}>
        {who ? (
          <>
            <Link href={paths.studio} className={styles.link} aria-current={path.startsWith(paths.studio) ? "page" : undefined}>
              {t("studio")}
            </Link>
            <ButtonLink to={paths.upload} icon="plus" look="soft">
              {t("upload")}
            </ButtonLink>
            <AccountMenu username={who.username} />
          </>
        ) : (
          <>
            <ButtonLink to={path === paths.signIn || path === paths.signUp ? paths.signIn : signInFor(path)} look="plain">
              {t("signIn")}
            </ButtonLink>
            <ButtonLink to={paths.signUp} look="solid">
              {t("signUp")}
            </ButtonLink>
          </>
        )}
      </nav>
    </header>
  );
}

function AccountMenu({ username }: { username: string }) {
  const name = useMe()?.displayName || username;
  const [, navigate] = useLocation();
  const [theme, setTheme] = useTheme();
  const session = useSession();
  const { channels } = useMyChannels();
  const leave = useMutation({ mutationFn: () => session.signOut(), onMutate: () => navigate(paths.home) });
  return (
    <Menu
      label={t("accountMenu", { name })}
      button={<Avatar name={name} />}
      header={
        <>
          <b>{name}</b>
          <div className={styles.handle}>@{username}</div>
        </>
      }
      items={[
        { label: t("yourChannel"), icon: "user", to: paths.channel(channels?.[0]?.handle ?? username) },
        { label: t("account"), icon: "settings", to: paths.account },
        { label: t("theme", { theme: t(`theme_${theme}`) }), icon: "sun", onPick: () => setTheme(nextTheme(theme)) },
        { label: t("signOut"), icon: "signOut", onPick: () => leave.mutate() },
      ]}
    />
  );
}
