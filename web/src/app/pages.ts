/** The pages, each loaded when it is first wanted. */
import { lazy } from "react";

import { patiently } from "./patiently";

const loaders = {
  home: () => patiently(() => import("../pages/home/Home")),
  signIn: () => patiently(() => import("../pages/auth/SignIn")),
  signUp: () => patiently(() => import("../pages/auth/SignUp")),
  upload: () => patiently(() => import("../pages/upload/Upload")),
  watch: () => patiently(() => import("../pages/watch/Watch")),
  studio: () => patiently(() => import("../pages/studio/Studio")),
  edit: () => patiently(() => import("../pages/studio/Edit")),
  channel: () => patiently(() => import("../pages/channel/Channel")),
  account: () => patiently(() => import("../pages/account/Account")),
  embed: () => patiently(() => import("../pages/embed/Embed")),
};

export const Home = lazy(loaders.home);
export const SignIn = lazy(loaders.signIn);
export const SignUp = lazy(loaders.signUp);
export const Upload = lazy(loaders.upload);
export const Watch = lazy(loaders.watch);
export const Studio = lazy(loaders.studio);
export const Edit = lazy(loaders.edit);
export const Channel = lazy(loaders.channel);
export const Account = lazy(loaders.account);
export const Embed = lazy(loaders.embed);

/** Loads a page's code ahead: somebody is about to go there. */
export const loadAhead = (page: keyof typeof loaders): void => void loaders[page]().catch(() => undefined);
