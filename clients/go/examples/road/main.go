// The whole road: sign in, upload a file, follow its processing, play it.
//
//	VIDMESH_EMAIL=you@example.org VIDMESH_PASSWORD=… go run ./examples/road http://127.0.0.1:8080 clip.mp4
package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"

	playbackv1 "vidmesh/client/gen/vidmesh/playback/v1"
	socialv1 "vidmesh/client/gen/vidmesh/social/v1"
	transcodev1 "vidmesh/client/gen/vidmesh/transcode/v1"
)

func main() {
	email, password := os.Getenv("VIDMESH_EMAIL"), os.Getenv("VIDMESH_PASSWORD")
	if len(os.Args) != 3 || email == "" || password == "" {
		fmt.Fprintln(os.Stderr, "VIDMESH_EMAIL=… VIDMESH_PASSWORD=… road http://127.0.0.1:8080 clip.mp4")
		os.Exit(2)
	}
	if err := road(context.Background(), os.Args[1], os.Args[2], email, password); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func road(ctx context.Context, address, path, email, password string) error {
	edge, err := url.Parse(address)
	if err != nil {
		return err
	}
	token := &bearer{secure: edge.Scheme == "https"}
	conn, err := dial(edge, token)
	if err != nil {
		return err
	}
	defer conn.Close()

	accounts := socialv1.NewAccountServiceClient(conn)
	signedIn, err := accounts.SignIn(ctx, &socialv1.SignInRequest{
		Email: email, Password: password, DeviceName: "the example in Go",
	})
	if err != nil {
		return fmt.Errorf("sign in: %w", err)
	}
	token.access = signedIn.Tokens.AccessToken
	mine, err := socialv1.NewChannelServiceClient(conn).ListMyChannels(ctx, &socialv1.ListMyChannelsRequest{})
	if err != nil {
		return fmt.Errorf("channels: %w", err)
	}

	videoID, err := upload(ctx, edge, conn, mine.Channels[0].ChannelId, path)
	if err != nil {
		return fmt.Errorf("upload: %w", err)
	}
	if err := follow(ctx, conn, videoID); err != nil {
		return fmt.Errorf("processing: %w", err)
	}
	if err := play(ctx, conn, videoID); err != nil {
		return fmt.Errorf("play: %w", err)
	}
	_, err = accounts.SignOut(ctx, &socialv1.SignOutRequest{RefreshToken: signedIn.Tokens.RefreshToken})
	return err
}

// dial gives a connection that speaks TLS where the address does.
func dial(edge *url.URL, token *bearer) (*grpc.ClientConn, error) {
	port, transport := "80", insecure.NewCredentials()
	if token.secure {
		port, transport = "443", credentials.NewTLS(&tls.Config{MinVersion: tls.VersionTLS12})
	}
	if edge.Port() != "" {
		port = edge.Port()
	}
	return grpc.NewClient(edge.Hostname()+":"+port,
		grpc.WithTransportCredentials(transport), grpc.WithPerRPCCredentials(token))
}

// bearer sends the access token with every call. It lives for some minutes: AccountService.Refresh renews it.
type bearer struct {
	access string
	secure bool
}

func (b *bearer) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	if b.access == "" {
		return nil, nil
	}
	return map[string]string{"authorization": "Bearer " + b.access}, nil
}

func (b *bearer) RequireTransportSecurity() bool { return b.secure }

// follow prints every change until processing has ended. A stream that was cut goes on from the cursor it gave last.
func follow(ctx context.Context, conn *grpc.ClientConn, videoID string) error {
	service := transcodev1.NewTranscodeServiceClient(conn)
	stream, err := service.WatchProcessing(ctx, &transcodev1.WatchProcessingRequest{VideoId: videoID})
	if err != nil {
		return err
	}
	for {
		answer, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		fmt.Printf("processing: %.0f %%\n", 100*answer.Processing.Progress)
	}
}

// play fetches the playlist that a player would begin with.
func play(ctx context.Context, conn *grpc.ClientConn, videoID string) error {
	service := playbackv1.NewPlaybackServiceClient(conn)
	answer, err := service.GetPlayback(ctx, &playbackv1.GetPlaybackRequest{VideoId: videoID})
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, answer.Playback.HlsUrl, nil)
	if err != nil {
		return err
	}
	reply, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer reply.Body.Close()
	playlist, err := io.ReadAll(io.LimitReader(reply.Body, 1<<20))
	if err != nil {
		return err
	}
	if !strings.HasPrefix(string(playlist), "#EXTM3U") {
		return fmt.Errorf("%s, and no playlist", reply.Status)
	}
	var qualities []string
	for _, track := range answer.Playback.Tracks {
		qualities = append(qualities, track.Quality)
	}
	fmt.Printf("%s: %s\nplays: %s\n", videoID, strings.Join(qualities, ", "), answer.Playback.HlsUrl)
	return nil
}
