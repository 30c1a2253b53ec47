package services

import (
	"cmp"
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"

	"posture/internal/posture"
	"posture/scanners/aws/engine"
)

// ecrBatch is for how many repositories one call tells how they are scanned.
const ecrBatch = 25

// ecrScanning is how repositories are scanned, by their names, and why that is
// not known.
type ecrScanning struct {
	of  map[string]types.RepositoryScanningConfiguration
	err error
}

// ecrScanningOf asks how repositories are scanned, where a rule wants to know it.
func ecrScanningOf(ctx context.Context, p *engine.Place, repositories []types.Repository) ecrScanning {
	found := ecrScanning{of: map[string]types.RepositoryScanningConfiguration{}}
	if !p.Wants("scanned") || len(repositories) == 0 {
		return found
	}
	var names []string
	for _, repository := range repositories {
		names = append(names, aws.ToString(repository.RepositoryName))
	}
	out, err := ecrClient(p).BatchGetRepositoryScanningConfiguration(ctx, &ecr.BatchGetRepositoryScanningConfigurationInput{RepositoryNames: names})
	if err != nil {
		found.err = err
		return found
	}
	for _, scanning := range out.ScanningConfigurations {
		found.of[aws.ToString(scanning.RepositoryName)] = scanning
	}
	return found
}

var errScanning error = &posture.ReasonError{Reason: posture.NotUnderstood, Code: "scan frequency", Text: "the repository scans on push, and its images are scanned by hand only"}

// readECRScanned reports whether images are scanned without being asked for.
func readECRScanned(r *engine.Reading, name string, scanning ecrScanning) bool {
	const op, field = "ecr:BatchGetRepositoryScanningConfiguration", "scanned"
	if !r.Wants(field) || !r.Got(scanning.err, field) {
		return false
	}
	of, answered := scanning.of[name]
	if !answered {
		r.Absent(op, field)
		return false
	}
	switch choice(r, of.ScanFrequency, op, field) {
	case types.ScanFrequencyScanOnPush, types.ScanFrequencyContinuousScan:
		return true
	case types.ScanFrequencyManual:
		if of.ScanOnPush {
			r.Got(engine.Malformed(op, errScanning), field)
		}
	}
	return false
}

// What became of the scan of an image.
const (
	scanDone        = "done"
	scanFailed      = "failed"
	scanExpired     = "expired"
	scanUnsupported = "unsupported"
	scanNone        = "none"
)

// scanStates holds what the states of a scan come to. Scans under way are not in it.
var scanStates = map[types.ScanStatus]string{
	types.ScanStatusActive:                 scanDone,
	types.ScanStatusComplete:               scanDone,
	types.ScanStatusFailed:                 scanFailed,
	types.ScanStatusFindingsUnavailable:    scanFailed,
	types.ScanStatusLimitExceeded:          scanFailed,
	types.ScanStatusScanEligibilityExpired: scanExpired,
	types.ScanStatusUnsupportedImage:       scanUnsupported,
	types.ScanStatusImageArchived:          scanUnsupported,
}

// newestFields are the fields that the newest image gives.
var newestFields = []string{"newest_image", "newest_scan", "critical_findings"}

// mostNewest is how many of the newest images are asked for their scan: signatures
// and attestations lie beside images and cannot be scanned.
const mostNewest = 5

// readECRNewest reads the scan of the newest image that can be scanned.
func readECRNewest(ctx context.Context, r *engine.Reading, name string, doc *ECRRepository) {
	if !r.Wants(newestFields...) {
		return
	}
	images, err := ecrImages(ctx, r.Place, name)
	if !r.Got(err, newestFields...) {
		return
	}
	doc.NewestScan = scanNone
	for _, image := range images[:min(len(images), mostNewest)] {
		state, critical, err := ecrFindings(ctx, r.Place, name, image.ImageDigest)
		if !r.Got(err, newestFields...) {
			return
		}
		doc.NewestImage, doc.NewestScan, doc.CriticalFindings = aws.ToString(image.ImageDigest), state, critical
		if state != scanUnsupported {
			return
		}
	}
}

// mostImages is how many images of a repository are listed to find the newest.
const mostImages = 10000

var (
	errManyImages error = &posture.ReasonError{Reason: posture.TooMuch, Code: "images", Text: "the repository has more images than are listed to find the newest"}
	errImage      error = &posture.ReasonError{Reason: posture.NotAnswered, Text: "an image has no digest, or no time of its push"}
	errUnderWay   error = &posture.ReasonError{Reason: posture.NotAnswered, Code: "scan under way", Text: "the scan of the newest image has not ended"}
)

// ecrImages returns what may be images of a repository, the newest first.
func ecrImages(ctx context.Context, p *engine.Place, name string) ([]types.ImageDetail, error) {
	const op = "ecr:DescribeImages"
	var images []types.ImageDetail
	var listed int
	pages := ecr.NewDescribeImagesPaginator(ecrClient(p), &ecr.DescribeImagesInput{RepositoryName: &name, MaxResults: aws.Int32(1000)})
	err := engine.EachPage(ctx, pages, func(page *ecr.DescribeImagesOutput) error {
		if listed += len(page.ImageDetails); listed > mostImages {
			return engine.Malformed(op, errManyImages)
		}
		for _, image := range page.ImageDetails {
			if image.ImagePushedAt == nil || aws.ToString(image.ImageDigest) == "" {
				return engine.Malformed(op, errImage)
			}
			if image.ImageStatus != types.ImageStatusArchived && mayBeImage(image) {
				images = append(images, image)
			}
		}
		return nil
	})
	slices.SortStableFunc(images, func(a, b types.ImageDetail) int {
		return cmp.Or(b.ImagePushedAt.Compare(*a.ImagePushedAt), cmp.Compare(*a.ImageDigest, *b.ImageDigest))
	})
	return images, err
}

// mayBeImage reports whether an entry of a repository may be an image: not a
// list of those of several architectures, which are there beside it, nor what is
// said about an image, nor another kind of artifact.
func mayBeImage(image types.ImageDetail) bool {
	switch aws.ToString(image.ImageManifestMediaType) {
	case "application/vnd.docker.distribution.manifest.list.v2+json", "application/vnd.oci.image.index.v1+json":
		return false
	}
	switch aws.ToString(image.ArtifactMediaType) {
	case "", "application/vnd.docker.container.image.v1+json", "application/vnd.oci.image.config.v1+json":
		return aws.ToString(image.SubjectManifestDigest) == ""
	}
	return false
}

// ecrFindings returns what became of the scan of an image, and how many critical
// findings it has.
func ecrFindings(ctx context.Context, p *engine.Place, repository string, digest *string) (state string, critical int64, err error) {
	const op = "ecr:DescribeImageScanFindings"
	out, err := ecrClient(p).DescribeImageScanFindings(ctx, &ecr.DescribeImageScanFindingsInput{
		RepositoryName: &repository, ImageId: &types.ImageIdentifier{ImageDigest: digest}, MaxResults: aws.Int32(1),
	})
	if err = engine.NotConfigured(err, "ScanNotFoundException"); err != nil || out == nil {
		return scanNone, 0, err
	}
	if out.ImageScanStatus == nil {
		return "", 0, engine.Malformed(op, errNoValue)
	}
	if err := answered(out.ImageScanStatus.Status, op); err != nil {
		return "", 0, err
	}
	state, ended := scanStates[out.ImageScanStatus.Status]
	switch {
	case !ended:
		return "", 0, engine.Malformed(op, errUnderWay)
	case state != scanDone:
		return state, 0, nil
	case out.ImageScanFindings == nil:
		return "", 0, engine.Malformed(op, errNoValue)
	}
	return state, int64(out.ImageScanFindings.FindingSeverityCounts["CRITICAL"]), nil
}
