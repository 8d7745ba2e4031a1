"""A valid request of every method, for a caller and the subject it is about. A method without a row fails the matrix.

Whatever is asked changes nothing that the other requests need: etags are stale, people who are removed have no part.
"""

from __future__ import annotations

import uuid
from typing import Final

from google.protobuf.message import Message

from tests.security.matrix.rows import Row, of, plain
from tests.security.matrix.rules import Subject, finds, shown_to_all
from tests.security.matrix.scene import (
    ACTIVE_UPLOAD,
    API_TOKEN,
    CHANNEL,
    COMPLETED_UPLOAD,
    DELETED,
    PASSWORD,
    PLAYABLE,
    PUBLIC,
    SCOPES,
    SESSION,
    VIDEOS,
    Caller,
    Scene,
    delete,
    new_api_token,
    newest_session,
    sign_in,
)
from vidmesh.playback.v1 import playback_pb2, playback_service_pb2, sharing_service_pb2
from vidmesh.social.v1 import account_pb2, account_service_pb2, channel_pb2, channel_service_pb2, credentials_pb2
from vidmesh.transcode.v1 import (
    caption_service_pb2,
    download_service_pb2,
    job_service_pb2,
    thumbnail_service_pb2,
    transcode_service_pb2,
)
from vidmesh.upload.v1 import upload_service_pb2, video_pb2, video_service_pb2


def _handle() -> str:
    return f"u{uuid.uuid4().hex[:12]}"


def _sign_up(_scene: Scene, _caller: Caller, _subject: str) -> Message:
    handle = _handle()
    return account_service_pb2.SignUpRequest(email=f"{handle}@example.org", password=PASSWORD, handle=handle)


def _sign_in(scene: Scene, _caller: Caller, _subject: str) -> Message:
    return account_service_pb2.SignInRequest(email=scene.spare.email, password=PASSWORD)


def _reset(scene: Scene, _caller: Caller, _subject: str) -> Message:
    made = scene.administrator.person.post(f"/v1/accounts/{scene.spare.account_id}:createPasswordReset", {})
    code = made.raise_for_status().json()["reset_code"]
    return credentials_pb2.ResetPasswordRequest(reset_code=code, new_password=PASSWORD)


def _report(scene: Scene, _caller: Caller, _subject: str) -> Message:
    token = scene.owner.person.playback(scene.ids[PUBLIC]).raise_for_status().json()["playback"]["session_token"]
    events = [playback_pb2.PlaybackEvent(seq=1, ended=playback_pb2.Ended())]
    return playback_service_pb2.ReportPlaybackRequest(session_token=token, events=events)


def _set_member(scene: Scene, _caller: Caller, subject: str) -> Message:
    role = channel_pb2.CHANNEL_ROLE_MANAGER
    return channel_service_pb2.SetMemberRequest(channel_id=subject, account_id=scene.manager.account_id, role=role)


def _remove_member(scene: Scene, _caller: Caller, subject: str) -> Message:
    return channel_service_pb2.RemoveMemberRequest(channel_id=subject, account_id=scene.spare.account_id)


def _session(scene: Scene) -> str:
    sign_in(scene.stack, scene.owner)
    return newest_session(scene.owner)


def _token(scene: Scene) -> str:
    return new_api_token(scene.owner, frozenset(SCOPES[:1]))["api_token"]["token_id"]


def _delete_again(scene: Scene, subject: Subject) -> None:
    if subject is DELETED:
        delete(scene, subject)


def _update_video(_scene: Scene, _caller: Caller, subject: str) -> Message:
    return video_service_pb2.UpdateVideoRequest(video=video_pb2.Video(video_id=subject, title="Other", etag="stale"))


def _update_channel(_scene: Scene, _caller: Caller, subject: str) -> Message:
    channel = channel_pb2.Channel(channel_id=subject, name="Other", etag="stale")
    return channel_service_pb2.UpdateChannelRequest(channel=channel)


def _create_upload(_scene: Scene, _caller: Caller, subject: str) -> Message:
    return upload_service_pb2.CreateUploadRequest(request_id=str(uuid.uuid4()), channel_id=subject, size_bytes=1)


ETAG: Final = frozenset({"ETAG_MISMATCH"})
NO_JOB: Final = frozenset({"JOB_NOT_FOUND"})
GONE: Final = frozenset({"VIDEO_DELETED"})
DIGEST: Final = bytes(32)
_account, _credentials, _channel = account_service_pb2, credentials_pb2, channel_service_pb2
_upload, _video, _transcode = upload_service_pb2, video_service_pb2, transcode_service_pb2
_caption, _job, _thumbnail = caption_service_pb2, job_service_pb2, thumbnail_service_pb2
_download = download_service_pb2

ACCOUNTS: Final = {
    "SignUp": Row(_sign_up),
    "SignIn": Row(_sign_in),
    "Refresh": Row(
        plain(_account.RefreshRequest, refresh_token="nobody's"), business=frozenset({"INVALID_REFRESH_TOKEN"})
    ),
    "SignOut": Row(plain(_account.SignOutRequest, refresh_token="nobody's")),
    "GetAccount": Row(lambda scene, _caller, _: _account.GetAccountRequest(account_id=scene.owner.account_id)),
    "UpdateAccount": Row(
        plain(_account.UpdateAccountRequest, account=account_pb2.Account(display_name="Other", etag="stale")),
        business=ETAG,
    ),
    "GetJwks": Row(plain(_account.GetJwksRequest)),
    "ChangePassword": Row(plain(_credentials.ChangePasswordRequest, current_password=PASSWORD, new_password=PASSWORD)),
    "CreatePasswordReset": Row(
        lambda scene, _caller, _: _credentials.CreatePasswordResetRequest(account_id=scene.spare.account_id)
    ),
    "ResetPassword": Row(_reset),
    "ListSessions": Row(plain(_credentials.ListSessionsRequest)),
    "EndSession": Row(of(_credentials.EndSessionRequest, "session_id"), (SESSION,), fresh=_session),
    "SignOutEverywhere": Row(plain(_credentials.SignOutEverywhereRequest, keep_current=True)),
    "CreateApiToken": Row(
        plain(
            _credentials.CreateApiTokenRequest,
            api_token=account_pb2.ApiToken(name="another script", scopes=SCOPES[:1]),
        ),
        business=frozenset({"TOO_MANY_CREDENTIALS"}),
    ),
    "ListApiTokens": Row(plain(_credentials.ListApiTokensRequest)),
    "DeleteApiToken": Row(of(_credentials.DeleteApiTokenRequest, "token_id"), (API_TOKEN,), fresh=_token),
    "GetRegistration": Row(plain(_account.GetRegistrationRequest)),
    "CreateInvite": Row(plain(_account.CreateInviteRequest, note="a friend")),
    "ListInvites": Row(plain(_account.ListInvitesRequest)),
    "DeleteInvite": Row(
        lambda _scene, _caller, _subject: _account.DeleteInviteRequest(invite_id=str(uuid.uuid4())),
        business=frozenset({"INVITE_NOT_FOUND"}),
    ),
    "ListEndedSessions": Row(plain(_account.ListEndedSessionsRequest)),
    "ExportAccounts": Row(plain(_account.ExportAccountsRequest)),
}
CHANNELS: Final = {
    "CreateChannel": Row(lambda _scene, _caller, _subject: _channel.CreateChannelRequest(handle=_handle())),
    "GetChannel": Row(of(_channel.GetChannelRequest, "channel"), (CHANNEL,)),
    "BatchGetChannels": Row(
        lambda _scene, _caller, subject: _channel.BatchGetChannelsRequest(channel_ids=[subject]), (CHANNEL,)
    ),
    "ListMyChannels": Row(plain(_channel.ListMyChannelsRequest)),
    "UpdateChannel": Row(_update_channel, (CHANNEL,), ETAG),
    "ListMembers": Row(of(_channel.ListMembersRequest, "channel_id"), (CHANNEL,)),
    "SetMember": Row(_set_member, (CHANNEL,)),
    "RemoveMember": Row(_remove_member, (CHANNEL,)),
    "CheckMember": Row(
        lambda scene, _caller, subject: _channel.CheckMemberRequest(
            channel_id=subject, account_id=scene.owner.account_id
        ),
        (CHANNEL,),
    ),
    "ExportChannels": Row(plain(_channel.ExportChannelsRequest)),
}
UPLOADS: Final = {
    "CreateUpload": Row(_create_upload, (CHANNEL,)),
    "GetUpload": Row(of(_upload.GetUploadRequest, "upload_id"), (ACTIVE_UPLOAD, COMPLETED_UPLOAD)),
    "ListParts": Row(of(_upload.ListPartsRequest, "upload_id"), (ACTIVE_UPLOAD, COMPLETED_UPLOAD)),
    "SignParts": Row(
        of(
            _upload.SignPartsRequest,
            "upload_id",
            parts=[_upload.PartToSign(number=1, size_bytes=1, sha256=DIGEST)],
        ),
        (ACTIVE_UPLOAD, COMPLETED_UPLOAD),
        frozenset({"PART_MISMATCH", "UPLOAD_NOT_ACTIVE"}),
    ),
    "ConfirmParts": Row(
        of(_upload.ConfirmPartsRequest, "upload_id", parts=[_upload.PartReceipt(number=1, sha256=DIGEST)]),
        (ACTIVE_UPLOAD, COMPLETED_UPLOAD),
        frozenset({"PART_MISMATCH", "UPLOAD_NOT_ACTIVE"}),
    ),
    "CompleteUpload": Row(
        of(_upload.CompleteUploadRequest, "upload_id"),
        (ACTIVE_UPLOAD, COMPLETED_UPLOAD),
        frozenset({"PARTS_MISSING"}),
    ),
    "AbortUpload": Row(
        of(_upload.AbortUploadRequest, "upload_id"), (COMPLETED_UPLOAD,), frozenset({"UPLOAD_NOT_ACTIVE"})
    ),
    "GetSource": Row(of(_upload.GetSourceRequest, "video_id"), (PUBLIC,)),
}
VIDEO: Final = {
    "GetVideo": Row(of(_video.GetVideoRequest, "video_id"), VIDEOS),
    "BatchGetVideos": Row(
        lambda _scene, _caller, subject: _video.BatchGetVideosRequest(video_ids=[subject]),
        VIDEOS,
        shows=lambda answer, subject: [video.video_id for video in answer.videos] == [subject],
    ),
    "ListNewestVideos": Row(
        lambda _scene, _caller, _: _video.ListNewestVideosRequest(page_size=100),
        VIDEOS,
        shows=lambda answer, subject: subject in {video.video_id for video in answer.videos},
        whom=shown_to_all,
    ),
    "ListVideos": Row(
        lambda scene, _caller, _: _video.ListVideosRequest(channel_id=scene.ids[CHANNEL], page_size=100),
        VIDEOS,
        shows=lambda answer, subject: subject in {video.video_id for video in answer.videos},
        whom=finds,
    ),
    "UpdateVideo": Row(_update_video, VIDEOS, ETAG | GONE),
    "PublishVideo": Row(
        of(_video.PublishVideoRequest, "video_id", visibility=video_pb2.VISIBILITY_PUBLIC, etag="stale"),
        VIDEOS,
        ETAG | GONE,
    ),
    "DeleteVideo": Row(of(_video.DeleteVideoRequest, "video_id", etag="stale"), VIDEOS, ETAG),
    "UndeleteVideo": Row(of(_video.UndeleteVideoRequest, "video_id"), VIDEOS, afterwards=_delete_again),
    "CheckViewer": Row(of(_video.CheckViewerRequest, "video_id"), (PUBLIC,)),
    "ExportVideos": Row(plain(_video.ExportVideosRequest)),
}
TRANSCODE: Final = {
    "GetProcessing": Row(of(_transcode.GetProcessingRequest, "video_id"), PLAYABLE, uses=True, administered=True),
    "WatchProcessing": Row(of(_transcode.WatchProcessingRequest, "video_id"), PLAYABLE, uses=True, administered=True),
    "ListVideoFiles": Row(of(_transcode.ListVideoFilesRequest, "video_id"), PLAYABLE, uses=True, administered=True),
    "RetryProcessing": Row(
        of(_transcode.RetryProcessingRequest, "video_id"),
        PLAYABLE,
        frozenset({"NOTHING_TO_RETRY"}),
        uses=True,
        administered=True,
    ),
    "GetPresentation": Row(of(_transcode.GetPresentationRequest, "video_id"), (PUBLIC,)),
    "AnnounceWorker": Row(
        plain(_transcode.AnnounceWorkerRequest, name="w", slots=1, encoders=["libx264"], leaving=True)
    ),
    "StartJob": Row(plain(_transcode.StartJobRequest, job_id="a-job", attempt=1)),
    "ReportJob": Row(plain(_transcode.ReportJobRequest, job_id="a-job", attempt=1)),
    "FinishJob": Row(plain(_transcode.FinishJobRequest, job_id="a-job", attempt=1, result="{}")),
    "ExportVideoFiles": Row(plain(_transcode.ExportVideoFilesRequest)),
}
CAPTIONS: Final = {
    "UploadCaption": Row(
        of(_caption.UploadCaptionRequest, "video_id", language="en", content=b"no captions"),
        VIDEOS,
        frozenset({"INVALID_CAPTIONS"}),
        uses=True,
    ),
    "ListCaptions": Row(of(_caption.ListCaptionsRequest, "video_id"), VIDEOS, uses=True),
    "DeleteCaption": Row(of(_caption.DeleteCaptionRequest, "video_id", caption_id="none"), VIDEOS, uses=True),
    "GetTranscript": Row(
        of(_caption.GetTranscriptRequest, "video_id", caption_id="none"),
        VIDEOS,
        frozenset({"CAPTION_NOT_FOUND"}),
        uses=True,
    ),
    "ExportCaptions": Row(plain(_caption.ExportCaptionsRequest)),
}
THUMBNAILS: Final = {
    "ListThumbnails": Row(of(_thumbnail.ListThumbnailsRequest, "video_id"), VIDEOS, uses=True),
    "ChooseThumbnail": Row(
        of(_thumbnail.ChooseThumbnailRequest, "video_id", thumbnail_id="none"),
        VIDEOS,
        frozenset({"THUMBNAIL_NOT_FOUND"}),
        uses=True,
    ),
    "UploadThumbnail": Row(
        of(_thumbnail.UploadThumbnailRequest, "video_id", content=b"no picture"),
        VIDEOS,
        frozenset({"INVALID_PICTURE"}),
        uses=True,
    ),
    "DeleteThumbnail": Row(of(_thumbnail.DeleteThumbnailRequest, "video_id", thumbnail_id="none"), VIDEOS, uses=True),
}
DOWNLOADS: Final = {
    "CreateDownload": Row(
        of(_download.CreateDownloadRequest, "video_id", quality="99999p"),
        PLAYABLE,
        frozenset({"INVALID_FIELD"}),
        uses=True,
    ),
    "ListDownloads": Row(of(_download.ListDownloadsRequest, "video_id"), PLAYABLE, uses=True),
}
JOBS: Final = {
    "GetJobStatistics": Row(plain(_job.GetJobStatisticsRequest)),
    "ListJobQueue": Row(plain(_job.ListJobQueueRequest)),
    "ListRunningJobs": Row(plain(_job.ListRunningJobsRequest)),
    "ListDeadJobs": Row(plain(_job.ListDeadJobsRequest)),
    "GetDeadJob": Row(plain(_job.GetDeadJobRequest, dead_job_id="999999"), business=NO_JOB),
    "RetryDeadJob": Row(plain(_job.RetryDeadJobRequest, dead_job_id="999999"), business=NO_JOB),
}
PLAYBACK: Final = {
    "GetPlayback": Row(
        of(playback_service_pb2.GetPlaybackRequest, "video_id"),
        VIDEOS,
        frozenset({"VIDEO_NOT_PLAYABLE"}),
        uses=True,
    ),
    "ReportPlayback": Row(_report),
    "GetGrantKeys": Row(plain(playback_service_pb2.GetGrantKeysRequest)),
    "ListRevocations": Row(plain(playback_service_pb2.ListRevocationsRequest)),
}
SHARING: Final = {
    "GetWatchHead": Row(
        lambda scene, _caller, _: sharing_service_pb2.GetWatchHeadRequest(video_id=scene.ids[PUBLIC]),
    ),
    "GetOembed": Row(
        lambda scene, _caller, _: sharing_service_pb2.GetOembedRequest(
            url=f"{scene.stack.edge_url}/watch/{scene.ids[PUBLIC]}"
        ),
    ),
}
ROWS: Final = {
    f"/{service}/{name}": row
    for service, rows in {
        "vidmesh.social.v1.AccountService": ACCOUNTS,
        "vidmesh.social.v1.ChannelService": CHANNELS,
        "vidmesh.upload.v1.UploadService": UPLOADS,
        "vidmesh.upload.v1.VideoService": VIDEO,
        "vidmesh.transcode.v1.TranscodeService": TRANSCODE,
        "vidmesh.transcode.v1.JobService": JOBS,
        "vidmesh.transcode.v1.CaptionService": CAPTIONS,
        "vidmesh.transcode.v1.ThumbnailService": THUMBNAILS,
        "vidmesh.transcode.v1.DownloadService": DOWNLOADS,
        "vidmesh.playback.v1.PlaybackService": PLAYBACK,
        "vidmesh.playback.v1.SharingService": SHARING,
    }.items()
    for name, row in rows.items()
}
