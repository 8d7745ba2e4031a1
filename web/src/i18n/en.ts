/** English. The words of each room stand in a file of their own. */
import { account } from "./en/account";
import { auth } from "./en/auth";
import { captions } from "./en/captions";
import { chapters } from "./en/chapters";
import { common } from "./en/common";
import { errors } from "./en/errors";
import { player } from "./en/player";
import { studio } from "./en/studio";
import { thumbnails } from "./en/thumbnails";
import { upload } from "./en/upload";
import { watch } from "./en/watch";

export const en = { ...common, ...errors, ...auth, ...upload, ...watch, ...player, ...studio, ...captions, ...chapters, ...thumbnails, ...account };
