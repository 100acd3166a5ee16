namespace Backprop.Serving;

/// <summary>How far a connection from another machine has come.</summary>
internal sealed class ConnectionAdmission
{
    private volatile bool isAdmitted;
    private volatile bool isTold;

    /// <summary>TLS is agreed on.</summary>
    public bool IsSecure { get; set; }

    /// <summary>A call on it showed the token.</summary>
    public bool IsAdmitted
    {
        get => isAdmitted;
        set => isAdmitted = value;
    }

    /// <summary>The operator knows what is wrong with it.</summary>
    public bool IsTold
    {
        get => isTold;
        set => isTold = value;
    }
}
