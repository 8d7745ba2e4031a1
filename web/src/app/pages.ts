/** The pages, each loaded when it is first wanted. */
import { lazy } from "react";

const loaders = {
  home: () => import("../pages/home/Home"),
  signIn: () => import("../pages/auth/SignIn"),
  signUp: () => import("../pages/auth/SignUp"),
  upload: () => import("../pages/upload/Upload"),
  watch: () => import("../pages/watch/Watch"),
  studio: () => import("../pages/studio/Studio"),
  edit: () => import("../pages/studio/Edit"),
  channel: () => import("../pages/channel/Channel"),
  account: () => import("../pages/account/Account"),
  embed: () => import("../pages/embed/Embed"),
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
export const loadAhead = (page: keyof typeof loaders): void => void loaders[page]();
