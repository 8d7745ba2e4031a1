import { Component, type ReactNode } from "react";

import { t } from "../i18n";
import { Failure } from "../ui/States";

/** A page that breaks says so and leaves the rest standing. A lazy part that did not load is the usual cause. */
export class Boundary extends Component<{ children: ReactNode }, { error: unknown }> {
  override state: { error: unknown } = { error: undefined };

  static getDerivedStateFromError(error: unknown) {
    return { error };
  }

  override render() {
    if (this.state.error === undefined) return this.props.children;
    return <Failure title={t("brokenTitle")} error={this.state.error} onRetry={() => location.reload()} />;
  }
}
