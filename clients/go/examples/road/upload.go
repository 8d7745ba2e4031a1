package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"

	"google.golang.org/grpc"

	uploadv1 "vidmesh/client/gen/vidmesh/upload/v1"
)

// upload sends a file part by part and gives the video's id. Each part is signed by its digest, PUT to the address that
// the signature is for, and confirmed. Parts may go in any order and several at once; one after another is plainer.
func upload(ctx context.Context, edge *url.URL, conn *grpc.ClientConn, channelID, path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return "", err
	}
	service := uploadv1.NewUploadServiceClient(conn)
	// The same request_id again gives the same upload: a program that was ended goes on with it.
	begun, err := service.CreateUpload(ctx, &uploadv1.CreateUploadRequest{
		RequestId: newUUID(),
		ChannelId: channelID,
		SizeBytes: info.Size(),
		Filename:  filepath.Base(path),
		Video:     &uploadv1.Video{Title: "From Go"},
	})
	if err != nil {
		return "", err
	}
	id, sent := begun.Upload.UploadId, int64(0)
	for _, run := range begun.Upload.Layout {
		for number := run.FirstNumber; number < run.FirstNumber+run.Count; number++ {
			part := make([]byte, run.SizeBytes)
			if _, err := io.ReadFull(file, part); err != nil {
				return "", err
			}
			if err := send(ctx, edge, service, id, number, part); err != nil {
				return "", fmt.Errorf("part %d: %w", number, err)
			}
			sent += run.SizeBytes
			fmt.Printf("sent: %d of %d bytes are there\n", sent, info.Size())
		}
	}
	_, err = service.CompleteUpload(ctx, &uploadv1.CompleteUploadRequest{UploadId: id})
	return begun.Video.VideoId, err
}

func send(
	ctx context.Context, edge *url.URL, service uploadv1.UploadServiceClient, id string, number int32, part []byte,
) error {
	digest := sha256.Sum256(part)
	signed, err := service.SignParts(ctx, &uploadv1.SignPartsRequest{
		UploadId: id,
		Parts:    []*uploadv1.PartToSign{{Number: number, SizeBytes: int64(len(part)), Sha256: digest[:]}},
	})
	if err != nil {
		return err
	}
	// The address is one at the edge that was asked.
	target, err := edge.Parse(signed.Parts[0].Url)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPut, target.String(), bytes.NewReader(part))
	if err != nil {
		return err
	}
	for name, value := range signed.Parts[0].Headers {
		request.Header.Set(name, value)
	}
	reply, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	reply.Body.Close()
	// 412: this very part is there already.
	if reply.StatusCode != http.StatusOK && reply.StatusCode != http.StatusPreconditionFailed {
		return fmt.Errorf("PUT: %s", reply.Status)
	}
	_, err = service.ConfirmParts(ctx, &uploadv1.ConfirmPartsRequest{
		UploadId: id,
		Parts:    []*uploadv1.PartReceipt{{Number: number, Sha256: digest[:]}},
	})
	return err
}

// newUUID is a random one (RFC 9562, version 4).
func newUUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
