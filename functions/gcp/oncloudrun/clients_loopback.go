//go:build posture_loopback

package oncloudrun

import (
	"os"

	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

// The options with which tests of whole programs stand in for Google Cloud. No
// program that is shipped is built with this file.

func loopback(variable string) []option.ClientOption {
	return []option.ClientOption{option.WithEndpoint(os.Getenv(variable)), option.WithoutAuthentication()}
}

func storeOptions() []option.ClientOption  { return loopback("POSTURE_TEST_STORAGE") }
func restOptions() []option.ClientOption   { return loopback("POSTURE_TEST_REST") }
func secretOptions() []option.ClientOption { return loopback("POSTURE_TEST_SECRETS") }

func inventoryOptions() []option.ClientOption {
	plain := option.WithGRPCDialOption(grpc.WithTransportCredentials(insecure.NewCredentials()))
	return append(loopback("POSTURE_TEST_INVENTORY"), plain)
}
