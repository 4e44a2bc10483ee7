using System.Globalization;

namespace AtomicDevOps.Activities.Tools.Zap;

/// <summary>The one origin that a scan may touch.</summary>
internal sealed class ZapScope
{
    private readonly Uri _origin;

    /// <exception cref="ToolException">It is no origin.</exception>
    public ZapScope(Uri origin)
    {
        if (!IsWeb(origin) || origin.AbsolutePath is not "/" || origin.Query.Length > 0 || origin.Fragment.Length > 0 || origin.UserInfo.Length > 0)
        {
            throw new ToolException(ZapClient.ToolName, $"'{Show(origin)}' is no origin; right would be scheme, host and port, such as http://app:8000/.");
        }

        _origin = origin;
    }

    /// <summary><c>http://app:8000</c>, without a port that the scheme has anyway.</summary>
    public string Origin => _origin.GetLeftPart(UriPartial.Authority);

    /// <summary>For Java, over the whole address.</summary>
    public string Pattern => string.Create(
        CultureInfo.InvariantCulture, $@"\Q{_origin.Scheme}://{_origin.IdnHost}\E{(_origin.IsDefaultPort ? $"(?::{_origin.Port})?" : $":{_origin.Port}")}(?:[/?#].*)?");

    /// <exception cref="ToolException">It is outside.</exception>
    public void Require(Uri address, string what)
    {
        if (!Holds(address))
        {
            throw new ToolException(ZapClient.ToolName, $"the {what} '{Show(address)}' is outside of {Origin}, which alone may be scanned; nothing was sent.");
        }
    }

    public bool Holds(Uri address) => IsWeb(address)
        && address.UserInfo.Length == 0
        && Uri.Compare(address, _origin, UriComponents.SchemeAndServer, UriFormat.UriEscaped, StringComparison.OrdinalIgnoreCase) == 0;

    private static bool IsWeb(Uri address) => address.IsAbsoluteUri && address.Scheme is "http" or "https";

    /// <summary>Without what may be a secret.</summary>
    private static string Show(Uri address) => address.IsAbsoluteUri ? address.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped) : "a relative address";
}
