package e2e

// estate makes all of the first state.
func (b *builder) estate() {
	key := b.kmsKeys()
	b.buckets()
	b.identities()
	b.permissionSets()
	n := b.networks()
	b.machines(n)
	b.databases(key)
	b.tables(key)
	b.fileSystems(n)
	b.warehouses()
	b.caches()
	b.balancers(n)
	b.fleets(n)
	b.functions(n, key)
	b.logGroups(key)
	b.trails(key)
	b.detectors()
	b.auditFilters()
	b.messages()
	b.secrets()
	b.backups(key)
}
