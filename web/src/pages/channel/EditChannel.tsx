import { createConnectQueryKey, useMutation, useTransport } from "@connectrpc/connect-query";
import { useQueryClient } from "@tanstack/react-query";
import type { Channel } from "@vidmesh/client/vidmesh/social/v1/channel_pb";
import { ChannelService } from "@vidmesh/client/vidmesh/social/v1/channel_service_pb";

import { aboutField, sentenceOf } from "../../api/errors";
import { t } from "../../i18n";
import { Button } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { TextArea, TextField } from "../../ui/Field";
import { Notice } from "../../ui/States";

/** Name and description of a channel. */
export function EditChannel({ channel, onClose }: { channel: Channel; onClose: () => void }) {
  const queries = useQueryClient();
  const transport = useTransport();
  const save = useMutation(ChannelService.method.updateChannel, {
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: createConnectQueryKey({ schema: ChannelService, transport, cardinality: undefined }) });
      onClose();
    },
  });
  const onSubmit = (event: React.FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const { channelId, etag } = channel;
    const name = String(form.get("name")).trim();
    const description = String(form.get("description")).trim();
    save.mutate({ channel: { channelId, etag, name, description }, updateMask: { paths: ["name", "description"] } });
  };
  return (
    <Dialog title={t("editChannel")} onClose={onClose}>
      <form onSubmit={onSubmit} className="stack">
        {save.error && <Notice tone="bad">{sentenceOf(save.error)}</Notice>}
        <TextField label={t("channelName")} name="name" required maxLength={100} defaultValue={channel.name || channel.handle} error={aboutField(save.error, "name")} />
        <TextArea label={t("description")} name="description" maxLength={5000} defaultValue={channel.description} error={aboutField(save.error, "description")} />
        <Button type="submit" look="solid" busy={save.isPending}>
          {t("save")}
        </Button>
      </form>
    </Dialog>
  );
}
