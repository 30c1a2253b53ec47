package services

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/transfer"
	"github.com/aws/aws-sdk-go-v2/service/transfer/types"

	"posture/scanners"
	"posture/scanners/aws/engine"
)

// TransferServer is what rules may ask of a server of Transfer Family.
type TransferServer struct {
	Protocols []string `json:"protocols"` // by which clients reach it: SFTP, FTPS, FTP, AS2
}

var transferServers = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::Transfer::Server",
		Service: "transfer",
		Doc:     TransferServer{},
		Calls: []scanners.Call{
			{Op: "transfer:ListServers"},
			{Op: "transfer:DescribeServer", Each: true, For: []string{"protocols", "tags"}},
		},
		Console: scanners.Console{Path: "/transfer/home?region={region}#/servers/{last}"},
	},
	Scan: scanTransferServers,
}

func transferClient(p *engine.Place) *transfer.Client {
	return engine.Client(p, transfer.NewFromConfig)
}

func scanTransferServers(ctx context.Context, p *engine.Place) error {
	pages := transfer.NewListServersPaginator(transferClient(p), &transfer.ListServersInput{MaxResults: aws.Int32(1000)})
	return engine.EachListed(ctx, p, pages, func(page *transfer.ListServersOutput) []types.ListedServer { return page.Servers }, readTransferServer)
}

func readTransferServer(ctx context.Context, p *engine.Place, server types.ListedServer) {
	const op = "transfer:DescribeServer"
	var doc TransferServer
	var tags map[string]string
	r := p.Read()
	if r.Wants("protocols", "tags") {
		out, err := transferClient(p).DescribeServer(ctx, &transfer.DescribeServerInput{ServerId: server.ServerId})
		switch {
		case !r.Got(err, "protocols", "tags"):
		case out.Server == nil:
			r.Absent(op, "protocols", "tags")
		default:
			if len(out.Server.Protocols) == 0 {
				r.Absent(op, "protocols")
			}
			for _, protocol := range out.Server.Protocols {
				doc.Protocols = append(doc.Protocols, string(choice(r, protocol, op, "protocols")))
			}
			tags = engine.Tags(out.Server.Tags, func(t types.Tag) (key, value *string) { return t.Key, t.Value })
		}
	}
	r.Emit(aws.ToString(server.Arn), aws.ToString(server.ServerId), tags, &doc)
}
