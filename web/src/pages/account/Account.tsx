import { useTitle } from "../../app/title";
import { t } from "../../i18n";
import styles from "./Account.module.css";
import { ApiTokens } from "./ApiTokens";
import { Password } from "./Password";
import { Profile } from "./Profile";
import { Sessions } from "./Sessions";

/** The account: its name, its password, where it is signed in, its tokens for scripts. */
export default function Account() {
  useTitle(t("account"));
  return (
    <div className={styles.page}>
      <h1>{t("account")}</h1>
      <Profile />
      <Password />
      <Sessions />
      <ApiTokens />
    </div>
  );
}
