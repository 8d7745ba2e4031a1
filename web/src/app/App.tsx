import { Suspense, useEffect, useRef } from "react";
import { Route, Switch, useLocation } from "wouter";

import { t } from "../i18n";
import { ButtonLink } from "../ui/Button";
import { Empty, Loading } from "../ui/States";
import styles from "./App.module.css";
import { Boundary } from "./Boundary";
import { Offline } from "./Offline";
import * as pages from "./pages";
import { paths } from "./paths";
import { RequireSignIn } from "./RequireSignIn";
import { TopBar } from "./TopBar";
import { useTitle } from "./title";

export function App() {
  return (
    <Switch>
      <Route path="/embed/:videoId">
        {({ videoId }) => (
          <Suspense fallback={null}>
            <pages.Embed videoId={videoId} />
          </Suspense>
        )}
      </Route>
      <Route>
        <Shell />
      </Route>
    </Switch>
  );
}

function Shell() {
  const [path] = useLocation();
  const main = useRef<HTMLElement>(null);
  const first = useRef(true);

  // A new page begins at its head, for eyes and for screen readers.
  useEffect(() => {
    if (!first.current) main.current?.focus({ preventScroll: true });
    first.current = false;
  }, [path]);

  return (
    <>
      <a href="#main" className={styles.skip}>
        {t("skip")}
      </a>
      <TopBar />
      <Offline />
      <main id="main" ref={main} tabIndex={-1} className={styles.main}>
        <Boundary key={path}>
          <Suspense fallback={<Loading />}>
            <Pages />
          </Suspense>
        </Boundary>
      </main>
    </>
  );
}

function Pages() {
  return (
    <Switch>
      <Route path={paths.home}>
        <pages.Home />
      </Route>
      <Route path={paths.signIn}>
        <pages.SignIn />
      </Route>
      <Route path={paths.signUp}>
        <pages.SignUp />
      </Route>
      <Route path="/watch/:videoId">{({ videoId }) => <pages.Watch key={videoId} videoId={videoId} />}</Route>
      <Route path={paths.upload}>
        <RequireSignIn>
          <pages.Upload />
        </RequireSignIn>
      </Route>
      <Route path={paths.studio}>
        <RequireSignIn>
          <pages.Studio />
        </RequireSignIn>
      </Route>
      <Route path="/studio/:videoId">
        {({ videoId }) => (
          <RequireSignIn>
            <pages.Edit key={videoId} videoId={videoId} />
          </RequireSignIn>
        )}
      </Route>
      <Route path={paths.account}>
        <RequireSignIn>
          <pages.Account />
        </RequireSignIn>
      </Route>
      <Route path={/^\/@(?<handle>[A-Za-z0-9][A-Za-z0-9_.-]{2,29})\/?$/}>{({ handle }) => <pages.Channel key={handle} handle={handle ?? ""} />}</Route>
      <Route>
        <NotFound />
      </Route>
    </Switch>
  );
}

function NotFound() {
  useTitle(t("notFoundTitle"));
  return (
    <Empty
      icon="film"
      title={t("notFoundTitle")}
      action={
        <ButtonLink to={paths.home} look="solid">
          {t("toHome")}
        </ButtonLink>
      }
    >
      {t("notFoundText")}
    </Empty>
  );
}
