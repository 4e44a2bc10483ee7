namespace AtomicDevOps.EmbeddedHost.Storage.Migrations;

/// <summary>The step from one version of the schema to the next. It runs inside of a transaction.</summary>
internal abstract class Migration
{
    public abstract void Apply(Database database);
}
