package main

import (
	"context"
	"fmt"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"posture/internal/cloud/azurecloud"
	"posture/internal/store"
	"posture/internal/store/azblobstore"
)

// storageScope is what a token for any storage account is for, in every cloud.
const storageScope = "https://storage.azure.com/.default"

// openAzure opens a store in a container of Azure Blob Storage, with the
// credentials of the environment, of the machine, or of whoever has signed in. The
// environment says in which cloud of Azure.
func openAzure(ctx context.Context, url store.URL, getenv func(string) string) (store.Store, error) {
	where, err := azurecloud.Where(getenv)
	if err != nil {
		return nil, fmt.Errorf("store %s: %w", url, err)
	}
	credential, err := azidentity.NewDefaultAzureCredential(&azidentity.DefaultAzureCredentialOptions{
		ClientOptions: policy.ClientOptions{Cloud: where.Configuration()},
	})
	if err == nil { // it keeps the token
		_, err = credential.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{storageScope}})
	}
	if err != nil {
		return nil, fmt.Errorf("store %s: no Azure credentials work here: sign in with az login (%w)", url, err)
	}
	client, err := azblobstore.NewClient(url.Account, where.Blobs, credential)
	if err != nil {
		return nil, fmt.Errorf("store %s: %w", url, err)
	}
	return inPlace(ctx, azblobstore.New(client, url.Bucket, url.Prefix))
}
