using Berth.Server.Http;

namespace Berth.Server.Api.Bodies;

/// <summary>The faults of the fields of a request body. They are reported together (422), in the order of the fields.</summary>
internal sealed class BodyFaults(string resource, IReadOnlyList<BodyField> fields)
{
    private readonly List<FieldError> _faults = [];

    public void Add(string field, string message, string code = "invalid") => _faults.Add(new FieldError(resource, field, code, message));

    public void Missing(string field) => Add(field, $"{field} is missing", "missing_field");

    public void Empty(string field) => Add(field, $"{field} must not be empty", "missing_field");

    public bool Has(string field) => _faults.Exists(fault => fault.Field == field);

    /// <summary>Adds a fault when a field is missing that this request needs and others with the same record do not.</summary>
    public void Require(string field, string? value)
    {
        if (Has(field))
        {
            return;
        }

        if (value is null)
        {
            Missing(field);
        }
        else if (value.Trim().Length == 0)
        {
            Empty(field);
        }
    }

    /// <exception cref="ApiException">422 with every fault.</exception>
    public void Throw()
    {
        if (_faults.Count > 0)
        {
            List<FieldError> inOrder = [.. _faults.OrderBy(fault => PlaceOf(fault.Field))];
            var words = string.Join("; ", inOrder.Select(fault => fault.Message));
            throw new ApiException(new ApiError(422, inOrder[0].Code, $"Validation Failed: {words}") { Fields = inOrder });
        }
    }

    private int PlaceOf(string field)
    {
        var before = fields.TakeWhile(known => known.Name != field.Split('.', '[')[0]).Count();
        return before < fields.Count ? before : int.MaxValue;
    }
}
