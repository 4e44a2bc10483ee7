using System.Text.Json.Nodes;

namespace AtomicDevOps.LocalForge.Api.Http;

/// <summary>An answer other than success, in GitHub's shape.</summary>
internal sealed class ApiException(int status, string message, params IReadOnlyList<ApiError> errors) : Exception(message)
{
    public int Status { get; } = status;

    public IReadOnlyList<ApiError> Errors { get; } = errors;

    public static ApiException NotFound() => new(StatusCodes.Status404NotFound, "Not Found");

    public static ApiException Forbidden(string message) => new(StatusCodes.Status403Forbidden, message);

    public static ApiException Unprocessable(string message) => new(StatusCodes.Status422UnprocessableEntity, message);

    public static ApiException Invalid(params IReadOnlyList<ApiError> errors) =>
        new(StatusCodes.Status422UnprocessableEntity, "Validation Failed", errors);

    public JsonObject ToJson()
    {
        var body = new JsonObject { ["message"] = Message };
        if (Errors.Count > 0)
        {
            body["errors"] = new JsonArray([.. Errors.Select(error => error.ToJson())]);
        }

        body["documentation_url"] = "https://docs.github.com/rest";
        body["status"] = Status.ToString(System.Globalization.CultureInfo.InvariantCulture);
        return body;
    }
}

/// <summary>One thing wrong with a request: what, where, and GitHub's code for it (missing, missing_field, invalid, already_exists, custom).</summary>
internal sealed record ApiError(string Resource, string Code, string? Field = null, string? Message = null)
{
    public static ApiError Missing(string resource, string field) => new(resource, "missing_field", field);

    public static ApiError Invalid(string resource, string field, string? message = null) => new(resource, "invalid", field, message);

    public static ApiError Custom(string resource, string message) => new(resource, "custom", Message: message);

    public JsonObject ToJson()
    {
        var error = new JsonObject { ["resource"] = Resource, ["code"] = Code };
        if (Field is not null)
        {
            error["field"] = Field;
        }

        if (Message is not null)
        {
            error["message"] = Message;
        }

        return error;
    }
}
