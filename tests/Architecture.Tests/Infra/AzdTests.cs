using YamlDotNet.RepresentationModel;

namespace AtomicDevOps.Architecture.Tests.Infra;

/// <summary>azure.yaml leads azd to what there is.</summary>
public sealed class AzdTests
{
    private static readonly YamlMappingNode Azd = Read();

    private static YamlNode Service => Azd["services"]["app"];

    [Fact]
    public void The_service_is_the_function_app()
    {
        Service["host"].ToString().ShouldBe("function");
        Service["language"].ToString().ShouldBe("csharp");
        File.Exists(Path.Combine(Repository.Root, Service["project"].ToString(), "FunctionApp.csproj")).ShouldBeTrue();
        BicepFile.Named("infra/bicep/modules/function-app.bicep").Text.ShouldContain("'azd-service-name': 'app'");
    }

    [Fact]
    public void The_infrastructure_is_where_azd_looks()
    {
        var folder = Path.Combine(Repository.Root, Azd["infra"]["path"].ToString());

        File.Exists(Path.Combine(folder, Azd["infra"]["module"] + ".bicep")).ShouldBeTrue();
        File.Exists(Path.Combine(folder, Azd["infra"]["module"] + ".bicepparam")).ShouldBeTrue();
    }

    [Fact]
    public void The_azure_host_is_what_is_packaged()
    {
        // Outputs of provisioning are in the environment of every later step, so provisioning has to come first.
        ((YamlSequenceNode)Azd["workflows"]["up"]["steps"]).Select(step => step["azd"].ToString()).ShouldBe(["provision", "deploy --all"]);
        BicepFile.Main.Outputs.Single(output => output.Name is "DurableHost").Value.ShouldBe("'azure'");
        Repository.Read("eng/DurableHost.props").ShouldContain("<DurableHost Condition=\"'$(DurableHost)' == ''\">");
        Service["hooks"]["prepackage"]["posix"]["run"].ToString().ShouldContain("[ \"${DurableHost:-}\" = azure ]");
        Service["hooks"]["prepackage"]["windows"]["run"].ToString().ShouldContain("$env:DurableHost -ne 'azure'");
    }

    private static YamlMappingNode Read()
    {
        var stream = new YamlStream();
        using var reader = new StringReader(Repository.Read("azure.yaml"));
        stream.Load(reader);
        return (YamlMappingNode)stream.Documents[0].RootNode;
    }
}
