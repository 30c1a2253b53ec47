package onfunctions

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"

	"posture/internal/cloud"
	"posture/internal/cloud/azurecloud"
	"posture/internal/config"
	"posture/internal/setup"
	"posture/internal/slack"
	"posture/internal/steps"
	"posture/internal/store"
	"posture/internal/store/azblobstore"
	"posture/scanners/azure"
)

// scope is what the runs of the functions cover, in their ids.
const scope = "azure"

// clientVariable names the managed identity of the functions, by its client id.
const clientVariable = "AZURE_CLIENT_ID"

// installation finds what the environment names. Everything is read and written
// as the function app's own managed identity.
func installation(context.Context) (steps.Installation, error) {
	at, err := store.ParseURL(os.Getenv(storeVariable))
	if err != nil || at.Scheme != store.SchemeAzure {
		return steps.Installation{}, fmt.Errorf("%s: expected azblob://account/container/prefix", storeVariable)
	}
	where, err := azurecloud.Where(os.Getenv)
	if err != nil {
		return steps.Installation{}, err
	}
	own, err := identity()
	if err != nil {
		return steps.Installation{}, err
	}
	client, err := azblobstore.NewClient(at.Account, where.Blobs, own)
	if err != nil {
		return steps.Installation{}, err
	}
	read := func(_ context.Context, a config.Azure, _ func(string) string) (azure.Options, error) {
		return azure.Options{Credential: own, Cloud: azure.Clouds()[a.Cloud]}, nil
	}
	return steps.Installation{
		Store: azblobstore.New(client, at.Bucket, at.Prefix), Scope: scope,
		Secret: func(name string) slack.Secret { return secret(own, name, where.Vaults) },
		Clouds: []cloud.Cloud{azurecloud.New(read)},
	}, nil
}

// identity returns the managed identity of the function app.
func identity() (azcore.TokenCredential, error) {
	var options azidentity.ManagedIdentityCredentialOptions
	if id := os.Getenv(clientVariable); id != "" {
		options.ID = azidentity.ClientID(id)
	}
	own, err := azidentity.NewManagedIdentityCredential(&options)
	if err != nil {
		return nil, fmt.Errorf("use the managed identity: %w", err)
	}
	return own, nil
}

var errNoSecret = errors.New("the secret has no value: add one with az keyvault secret set")

// secret reads the newest version of a secret of Key Vault, by its address
// https://VAULT.vault.azure.net/secrets/NAME, in a cloud whose vaults' hosts end
// in a suffix (Microsoft.KeyVault/vaults/secrets/getSecret/action).
func secret(own azcore.TokenCredential, address, suffix string) slack.Secret {
	return setup.CachedSecret(func(ctx context.Context) (string, error) {
		host, name, ok := inVault(address, suffix)
		if !ok {
			return "", fmt.Errorf("%s: expected https://VAULT%s/secrets/NAME", steps.SecretVariable, suffix)
		}
		client, err := azsecrets.NewClient("https://"+host, own, nil)
		if err != nil {
			return "", fmt.Errorf("make a Key Vault client: %w", err)
		}
		got, err := client.GetSecret(ctx, name, "", nil)
		if err != nil {
			return "", fmt.Errorf("read the secret %s: %w", address, err)
		}
		if got.Value == nil || *got.Value == "" {
			return "", errNoSecret
		}
		return *got.Value, nil
	})
}

// inVault returns the vault's host and the secret's name of an address.
func inVault(address, suffix string) (host, name string, ok bool) {
	at, err := url.Parse(address)
	if err != nil || at.Scheme != "https" {
		return "", "", false
	}
	vault, inCloud := strings.CutSuffix(at.Host, suffix)
	name, found := strings.CutPrefix(at.Path, "/secrets/")
	return at.Host, name, inCloud && found && vault != "" && !strings.Contains(vault, ".") && name != "" && !strings.Contains(name, "/")
}
