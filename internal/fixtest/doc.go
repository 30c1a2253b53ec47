// Package fixtest holds the tests that run the commands of AWS rules: each is
// filled in for a finding as people get it, run through the AWS CLI against an
// emulator, and the resource scanned again. It holds no code of the product.
// Begin with testdata/cases.txtar.
package fixtest
