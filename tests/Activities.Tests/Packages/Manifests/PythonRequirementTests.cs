using AtomicDevOps.Activities.Packages.Manifests.Python;
using FsCheck;
using FsCheck.Fluent;

namespace AtomicDevOps.Activities.Tests.Packages.Manifests;

public sealed class PythonRequirementTests
{
    [Theory]
    [InlineData("A", "A", "", "", null, null)]
    [InlineData("A.B-C_D", "A.B-C_D", "", "", null, null)]
    [InlineData("name>=3", "name", "", ">=3", null, null)]
    [InlineData("name>=3,<2", "name", "", ">=3,<2", null, null)]
    [InlineData("name [fred,bar] @ http://foo.com ; python_version=='2.7'", "name", "fred bar", "", "http://foo.com", "python_version=='2.7'")]
    [InlineData("name[quux, strange];python_version<'2.7' and platform_version=='2'", "name", "quux strange", "", null, "python_version<'2.7' and platform_version=='2'")]
    [InlineData("name; os_name=='a' or os_name=='b'", "name", "", "", null, "os_name=='a' or os_name=='b'")]
    [InlineData("name[] ( >= 1.0 , < 2 ) ; extra == 'x'", "name", "", ">= 1.0 , < 2", null, "extra == 'x'")]
    [InlineData("requests [security,tests] >= 2.8.1, == 2.8.* ; python_version < \"2.7\"", "requests", "security tests", ">= 2.8.1, == 2.8.*", null, "python_version < \"2.7\"")]
    [InlineData("pip @ https://github.com/pypa/pip/archive/1.3.1.zip#sha1=da9234ee", "pip", "", "", "https://github.com/pypa/pip/archive/1.3.1.zip#sha1=da9234ee", null)]
    public void A_requirement_has_the_parts_that_the_specification_gives(string text, string name, string extras, string constraint, string? url, string? marker)
    {
        var requirement = PythonRequirement.Parse(text);

        requirement.Name.ShouldBe(name);
        string.Join(' ', requirement.Extras).ShouldBe(extras);
        requirement.Constraint.ShouldBe(constraint);
        requirement.Url.ShouldBe(url);
        requirement.Marker?.ToString().ShouldBe(marker);
        text[requirement.ConstraintSpan.Start..requirement.ConstraintSpan.End].ShouldBe(constraint);
    }

    [Theory]
    [InlineData("")]
    [InlineData("-name")]
    [InlineData("name[")]
    [InlineData("name[a b]")]
    [InlineData("name >= ")]
    [InlineData("name 1.0")]
    [InlineData("name (>=1.0")]
    [InlineData("name @ ")]
    [InlineData("name ; ")]
    [InlineData("name ; python_version")]
    [InlineData("name ; nothing == '1'")]
    [InlineData("name ; 'a' == 'a'")]
    [InlineData("name ; (python_version > '3'")]
    [InlineData("name ; python_version > '3")]
    [InlineData("name ; python_version > '3' xor extra == 'x'")]
    public void What_is_no_requirement_is_refused_with_what_would_be_right(string text) =>
        Should.Throw<FormatException>(() => PythonRequirement.Parse(text)).Message.ShouldContain("right would be");

    [Theory]
    [InlineData("python_version >= '3.9'", true)]
    [InlineData("python_version < '3.9'", false)]
    [InlineData("'3.10' <= python_version", true)]
    [InlineData("python_version in '3.11 3.12'", true)]
    [InlineData("python_version not in '3.11 3.12'", false)]
    [InlineData("sys_platform == 'linux' and python_version ~= '3.8'", true)]
    [InlineData("sys_platform == 'win32' or (os_name == 'posix' and python_version > '3')", true)]
    [InlineData("sys.platform == 'win32'", false)]
    [InlineData("platform_machine == 'x86_64'", null)]
    [InlineData("platform_machine == 'x86_64' and sys_platform == 'win32'", false)]
    [InlineData("platform_machine == 'x86_64' or sys_platform == 'linux'", true)]
    [InlineData("extra == 'Dev_Tools'", true)]
    public void A_marker_holds_fails_or_hangs_on_what_is_not_known(string marker, bool? expected)
    {
        var environment = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["python_version"] = "3.12",
            ["sys_platform"] = "linux",
            ["os_name"] = "posix",
            ["extra"] = "dev-tools",
        };

        PythonMarker.Parse(marker).Evaluate(environment).ShouldBe(expected);
    }

    [Fact]
    public void Depth_has_an_end()
    {
        Should.Throw<FormatException>(() => PythonMarker.Parse(new string('(', 60_000))).Message.ShouldContain("parentheses");
        Should.Throw<FormatException>(() => PythonMarker.Parse(new string('(', 100_000))).Message.ShouldContain("at most");
    }

    [Fact]
    public void Any_text_is_a_requirement_or_refused()
    {
        var text = Gen.Elements("name", "[", "]", "a", ",", "(", ")", ">=", "==", "1.0", ";", "@", " ", "python_version", "extra", "'", "\"", "and", "or", "in", "not", "é", "\0", "\\")
            .ListOf().Select(static parts => string.Concat(parts));

        Prop.ForAll(text.ToArbitrary(), static each =>
        {
            try
            {
                var requirement = PythonRequirement.Parse(each);
                return string.Equals(each[requirement.ConstraintSpan.Start..requirement.ConstraintSpan.End], requirement.Constraint, StringComparison.Ordinal);
            }
            catch (FormatException)
            {
                return true;
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(3_000));
    }
}
