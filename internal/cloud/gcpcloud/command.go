package gcpcloud

import "posture/internal/cloud"

// command is what the command line says and takes for Google Cloud.
func command() cloud.Command {
	return cloud.Command{
		Unit: "scope", Shared: true,
		Flags: flags(),
		Scan:  scanHelp(),
		Doctor: cloud.Help{
			Short: "Try the permissions for Google Cloud, and the store",
			Long: `Make every call that a scan makes, the direct reads for one project only, and
print which of them are refused and which permission is missing for it. A call
for which there is no resource is not tried. It also writes a small object to
the store, reads it and deletes it.`,
			Example: `  posture doctor gcp --organization 123456789012
  posture doctor gcp --project shop-prod --no-store --all --format json`,
		},
		Permissions: cloud.Help{
			Short: "Print the custom role that a scan of Google Cloud needs",
			Long: `Print the custom role that a scan of Google Cloud needs: the permissions of the
calls that the scanners make, all of them reads of settings. It is granted on
the organization, the folder or the project that is scanned.

The project whose quota is used, that of the service account, needs the API
cloudasset.googleapis.com, and the account roles/serviceusage.serviceUsageConsumer
on it.`,
			Example: `  posture permissions gcp > role.yaml
  gcloud iam roles create postureScan --organization 123456789012 --file role.yaml
  posture permissions gcp --services storage,sqladmin --format json`,
		},
	}
}

// flags returns the flags that say what is read.
func flags() []cloud.Flag {
	return []cloud.Flag{
		{Name: organizationFlag, Usage: "`number` of the organization to read, with all below it"},
		{Name: folderFlag, Usage: "`number` of the folder to read, with all below it"},
		{Name: projectFlag, Usage: "`id` of a project to read (may be repeated)", Takes: cloud.Values},
		{Name: impersonateFlag, Usage: "`email` of the service account to read as"},
		{
			Name:  exportFlag,
			Usage: "read this `file` of gcloud asset export instead of the cloud (may be repeated: resources, IAM policies, organization policies)",
			Takes: cloud.Files, ScanOnly: true,
		},
		{
			Name:  completeFlag,
			Usage: "the export has all types and all projects, unfiltered: what it does not hold is not there",
			Takes: cloud.Nothing, ScanOnly: true,
		},
	}
}

// scanHelp explains a scan.
func scanHelp() cloud.Help {
	return cloud.Help{
		Short: "Scan Google Cloud projects, folders or an organization",
		Long: `Scan all projects of an organization or a folder, or single projects, from one
pass over Cloud Asset Inventory: those that the flags name, else those that
posture.yaml names, else GOOGLE_CLOUD_PROJECT. What the inventory lacks is read
directly.

With --from-export the scan reads what gcloud asset export wrote, without
credentials and without a cloud. What the export lacks is unknown: a type that is
not in it gets no findings, and what depends on an IAM policy or an organization
policy that is not in it cannot be checked. With --complete you say that the
export was not filtered, so that what is not in it does not exist. A line that
cannot be read is named, and the rest is judged.

A project is judged with the IAM policies of its folders and its organization.
Where these are not in scope, their policies are read directly; what depends on
one that cannot be read is unknown.`,
		Example: `  posture scan gcp --organization 123456789012
  posture scan gcp --project shop-prod --project shop-test
  posture scan gcp --folder 345678901234 --impersonate-service-account posture@audit.iam.gserviceaccount.com
  posture scan gcp --from-export resources.ndjson --from-export iam-policies.ndjson
  posture scan gcp --from-export all.ndjson --complete
  posture scan gcp --project shop-prod --fail-on high      for a pipeline`,
	}
}
