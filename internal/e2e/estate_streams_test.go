package e2e

import (
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	kinesistypes "github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/aws/aws-sdk-go-v2/service/transfer"
	transfertypes "github.com/aws/aws-sdk-go-v2/service/transfer/types"
)

// streams makes data streams, and servers for files.
func (b *builder) streams() {
	client := kinesis.NewFromConfig(b.cfg)
	for _, name := range []string{"good-stream", "bad-stream"} {
		b.ok(client.CreateStream(b.ctx, &kinesis.CreateStreamInput{StreamName: &name, ShardCount: new(int32(1))}))
	}
	b.ok(client.StartStreamEncryption(b.ctx, &kinesis.StartStreamEncryptionInput{StreamName: new("good-stream"),
		EncryptionType: kinesistypes.EncryptionTypeKms, KeyId: new("alias/aws/kinesis")}))
	b.ok(client.IncreaseStreamRetentionPeriod(b.ctx, &kinesis.IncreaseStreamRetentionPeriodInput{StreamName: new("good-stream"), RetentionPeriodHours: new(int32(168))}))
	for name, protocol := range map[string]transfertypes.Protocol{"good-server": transfertypes.ProtocolSftp, "bad-server": transfertypes.ProtocolFtp} {
		server, err := transfer.NewFromConfig(b.cfg).CreateServer(b.ctx, &transfer.CreateServerInput{Protocols: []transfertypes.Protocol{protocol}})
		b.need(err)
		b.call(name, server.ServerId)
	}
}
