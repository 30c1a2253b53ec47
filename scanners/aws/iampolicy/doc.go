// Package iampolicy answers what policies of AWS's language grant. It is pure:
// texts and names go in, verdicts come out.
//
// There are two questions. Of a policy on a resource (bucket, key, queue,
// topic, function, secret, repository, file system, vault, role trust):
//
//	doc, err := iampolicy.Parse(text)
//	verdict := iampolicy.Access(doc, iampolicy.Ask{Service: "sqs", Resource: arn, Account: account})
//	if verdict.Anyone() { ... }
//
// and of the policies of one user, group or role, taken together:
//
//	grants := iampolicy.Principal{Policies: docs}.Grants(iampolicy.AccountRef{ID: account})
//
// Who is let in is answered from above: where a statement, a condition or a
// deny cannot be understood, the answer is CannotTell and never less. A verdict
// follows AWS's own meaning of public
// (AmazonS3/latest/userguide/access-control-block-public-access.html): a
// condition narrows when its values are fixed, without wildcard or variable, or
// when a wildcard stays inside of one account or organization. Denies subtract
// only where they certainly apply.
//
// What each condition key is worth is the table in keys.go, what each identity
// provider needs the one in providers.go, the ways to more permissions the one in
// ways.go, and which resource an action is about the one in reference_data.go.
package iampolicy
